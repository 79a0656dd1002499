"""Databases: the list with how each stands, and the form that adds or changes one."""

from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from access.models import User
from access.policy import NotAllowed
from backups.databases import create_database, test_connection, update_database
from backups.errors import BackupError, NotFound
from backups.models import Database
from backups.pages.database_form import DatabaseForm
from backups.pages.failures import Failure, mistakes
from backups.pages.permitted import must_have, person
from backups.selectors import database_for
from backups.standing import standings

form_methods = require_http_methods(["GET", "HEAD", "POST"])


@require_safe
def database_list(request: HttpRequest) -> HttpResponse:
    user = person(request)
    must_have(user, "backups.view_database")
    found = standings(actor=user)
    context = {"standings": found, "polls": any(standing.is_running for standing in found)}
    live = "X-Live" in request.headers
    template = "backups/databases_rows.html" if live else "backups/databases.html"
    return render(request, template, context)


@form_methods
def database_new(request: HttpRequest) -> HttpResponse:
    user = person(request)
    must_have(user, "backups.add_database")
    form = DatabaseForm(request.POST or None, user=user)
    return _answer(request, user, form)


@form_methods
def database_edit(request: HttpRequest, database_id: str) -> HttpResponse:
    user = person(request)
    try:
        database = database_for(actor=user, ref=str(database_id))
    except NotFound as error:
        raise Http404(str(error)) from error
    must_have(user, "backups.change_database", database.company)
    form = DatabaseForm(request.POST or None, instance=database, user=user)
    return _answer(request, user, form)


def _answer(request: HttpRequest, user: User, form: DatabaseForm) -> HttpResponse:
    if not form.is_bound:
        return _show(request, form)
    if not form.is_valid():
        return _show(request, form, status=400)
    try:
        if request.POST.get("intent") == "test":
            return _show(
                request, form, facts=test_connection(database=form.connection(), actor=user)
            )
        saved = _save(form, user)
    except NotAllowed as error:
        raise PermissionDenied(str(error)) from error
    except ValidationError as error:
        form.add_error(None, error.messages)
        return _show(request, form, status=400)
    except BackupError as error:
        return _show(request, form, failure=Failure(error), status=error.status)
    messages.success(request, _("%(name)s is saved.") % {"name": saved.name})
    return redirect("backups:databases")


def _save(form: DatabaseForm, user: User) -> Database:
    # An empty password keeps the stored one.
    password = form.cleaned_data["password"]
    if form.is_new:
        return create_database(company=form.company, actor=user, password=password, **form.values())
    return update_database(
        database=Database.objects.get(pk=form.instance.pk),
        actor=user,
        password=password or None,
        **form.values(),
    )


def _show(
    request: HttpRequest,
    form: DatabaseForm,
    *,
    facts: object = None,
    failure: Failure | None = None,
    status: int = 200,
) -> HttpResponse:
    context = {
        "form": form,
        "facts": facts,
        "failure": failure,
        "mistakes": mistakes(form) if form.is_bound and form.errors else [],
    }
    return render(request, "backups/database_form.html", context, status=status)
