"""The list of backups, with the form that asks for a new one."""

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from access.models import User
from access.policy import NotAllowed
from backups.errors import BackupError
from backups.models import Backup
from backups.pages.course import courses_of
from backups.pages.failures import Failure, explain
from backups.pages.filters import FilterForm
from backups.pages.forms import BackupForm
from backups.pages.permitted import must_have, person
from backups.selectors import BackupPage, list_backups
from backups.services import request_backup

ROWS = 25


@require_http_methods(["GET", "HEAD", "POST"])
def backup_list(request: HttpRequest) -> HttpResponse:
    user = person(request)
    must_have(user, "backups.view_backup")
    if request.method == "POST":
        return _create(request, user)
    initial = {"database": request.GET.get("new")}
    form = BackupForm(user=user, initial=initial) if user.may("backups.add_backup") else None
    return _show(request, user, form=form, form_open="new" in request.GET)


def _create(request: HttpRequest, user: User) -> HttpResponse:
    must_have(user, "backups.add_backup")
    form = BackupForm(request.POST, user=user)
    if not form.is_valid():
        return _show(request, user, form=form, form_open=True, status=400)
    try:
        backup = request_backup(
            database=form.cleaned_data["database"],
            options=form.options(),
            actor=user,
            trigger=Backup.Trigger.MANUAL,
            storage=form.cleaned_data["storage"],
            force=form.cleaned_data["force"],
        )
    except NotAllowed as error:
        raise PermissionDenied(str(error)) from error
    except BackupError as error:
        failure = explain(form, error)
        return _show(request, user, form=form, form_open=True, failure=failure, status=error.status)
    return redirect("backups:detail", backup_id=backup.pk)


def _show(
    request: HttpRequest,
    user: User,
    *,
    form: BackupForm | None,
    form_open: bool,
    failure: Failure | None = None,
    status: int = 200,
) -> HttpResponse:
    filters = FilterForm(request.GET or None, user=user)
    if not filters.is_bound:
        filters = FilterForm({}, user=user)
    page, said = _page(request, user, filters)
    rows = courses_of(page.results)
    context = {
        "form": form,
        "form_open": form_open,
        "failure": failure,
        "filters": filters,
        "said": said,
        "page": page,
        "rows": rows,
        "polls": any(course for _backup, course in rows),
        "order": filters.filters().ordering,
    }
    live = "X-Live" in request.headers
    template = "backups/list_rows.html" if live else "backups/list.html"
    return render(request, template, context, status=status)


def _page(
    request: HttpRequest, user: User, filters: FilterForm
) -> tuple[BackupPage, Failure | None]:
    """The page asked for; with a cursor or filter that cannot be used, an empty one and why."""
    try:
        cursor = request.GET.get("cursor") or None
        found = list_backups(actor=user, filters=filters.filters(), cursor=cursor, limit=ROWS)
    except BackupError as error:
        return BackupPage(results=[], next=None, previous=None), Failure(error)
    return found, None
