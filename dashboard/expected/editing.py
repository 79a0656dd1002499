"""Expecting a backup, and changing what is expected: the form, its preview, the last question."""

from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from access.models import User
from access.pages.saving import save_form
from access.policy import NotAllowed
from backups.databases import link_database
from backups.errors import BackupError
from backups.models import Database
from backups.pages.permitted import must_have, person
from backups.pages.schedule_form import zones
from dashboard.expected.due import next_due_times
from dashboard.expected.job_form import JobForm
from dashboard.expected.times_form import FIELD_OF, TimesForm
from monitoring.expected.errors import BadField, ExpectedError
from monitoring.expected.fields import assign
from monitoring.expected.jobs import ADD, CHANGE, DELETE, create_job, delete_job, update_job
from monitoring.expected.models import BackupEntry, ExpectedBackupJob
from monitoring.expected.selectors import job_for
from monitoring.expected.timings import check_times
from monitoring.times.clock import database_now

# Where the form asks for what the verbs call otherwise.
_FIELD_OF = {**FIELD_OF, "expected_job": "database"}
form_methods = require_http_methods(["GET", "HEAD", "POST"])


@form_methods
def job_new(request: HttpRequest) -> HttpResponse:
    user = person(request)
    must_have(user, ADD)
    return _answer(request, user, JobForm(request.POST or None, user=user))


@form_methods
def job_edit(request: HttpRequest, job_id: int) -> HttpResponse:
    user = person(request)
    job = _visible(user, job_id, CHANGE)
    return _answer(request, user, JobForm(request.POST or None, user=user, job=job))


@form_methods
def job_delete(request: HttpRequest, job_id: int) -> HttpResponse:
    """Asks first: what arrived of it is forgotten with it."""
    user = person(request)
    job = _visible(user, job_id, DELETE)
    if request.method != "POST":
        context = {
            "job": job,
            "entries": BackupEntry.objects.filter(job=job).count(),
            "database": Database.objects.filter(expected_job=job).first(),
        }
        return render(request, "expected/delete.html", context)
    try:
        delete_job(job=job, actor=user)
    except NotAllowed as error:
        raise PermissionDenied(str(error)) from error
    messages.success(request, _("%(name)s is expected no longer.") % {"name": job})
    return redirect("dashboard:expected")


@require_safe
def preview(request: HttpRequest) -> HttpResponse:
    """The next five due times of what is being typed. Nothing is saved."""
    must_have(person(request), ADD)
    form = TimesForm(request.GET)
    smallest = request.GET.get("min_size_bytes", "")
    context: dict[str, Any] = {"is_preview": True, "smallest": smallest}
    if form.is_valid():
        job = ExpectedBackupJob()
        try:
            assign(job, form.times())
            check_times(job)
            context["times"] = next_due_times(job, now=database_now())
        except BadField as error:
            context["mistakes"] = [str(error)]
    return render(request, "expected/due.html", context)


def _answer(request: HttpRequest, user: User, form: JobForm) -> HttpResponse:
    refusals = (BackupError, ExpectedError)
    saved = save_form(form, lambda: _save(form, user), refusals=refusals, field_of=_FIELD_OF)
    if saved is None:
        return _show(request, form, status=400 if form.is_bound else 200)
    messages.success(request, _("%(name)s is saved.") % {"name": saved})
    return redirect("dashboard:expected-job", job_id=saved.pk)


@transaction.atomic
def _save(form: JobForm, user: User) -> ExpectedBackupJob:
    """The job and its link, both or neither."""
    if form.job is None:
        saved = create_job(actor=user, **form.values())
    else:
        saved = update_job(job=form.job, actor=user, **form.values())
    if "database" in form.changed_data:
        chosen = form.cleaned_data["database"]
        if form.linked is not None:
            link_database(database=form.linked, job=None, actor=user)
        if chosen is not None:
            link_database(database=chosen, job=saved, actor=user)
    return saved


def _show(request: HttpRequest, form: JobForm, *, status: int) -> HttpResponse:
    context = {
        "form": form,
        "job": form.job,
        "zones": zones(),
        "times": next_due_times(form.job, now=database_now()) if form.job else [],
    }
    return render(request, "expected/form.html", context, status=status)


def _visible(user: User, job_id: int, permission: str) -> ExpectedBackupJob:
    """404 for one that is not there or not to be seen, 403 for one that is not to be changed."""
    try:
        if not user.may("backups.view_database"):
            raise Http404
        job = job_for(actor=user, job_id=job_id)
    except ExpectedError as error:
        raise Http404(str(error)) from error
    must_have(user, permission, job.company)
    return job
