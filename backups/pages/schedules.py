"""Schedules: the list with what is next and what was last, the form, and what one does to them."""

from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from access.models import User
from access.policy import NotAllowed
from backups.errors import BackupError, NotFound
from backups.models import Backup, BackupSchedule
from backups.pages.failures import Failure, explain, mistakes
from backups.pages.load import load_of_the_week
from backups.pages.permitted import must_have, person
from backups.pages.schedule_form import ScheduleForm, TimesForm, zones
from backups.pages.schedule_rows import rows_of, runs_of
from backups.schedules import (
    create_schedule,
    delete_schedule,
    run_schedule,
    try_times,
    update_schedule,
)
from backups.selectors import list_schedules, schedule_of
from monitoring.times.clock import database_now

form_methods = require_http_methods(["GET", "HEAD", "POST"])


@require_safe
def schedule_list(request: HttpRequest) -> HttpResponse:
    user = person(request)
    must_have(user, "backups.view_backupschedule")
    schedules = list(list_schedules(actor=user))
    if request.GET.get("database"):
        schedules = [one for one in schedules if str(one.database_id) == request.GET["database"]]
    now, zone = database_now(), ZoneInfo(settings.TIME_ZONE)
    context = {
        "rows": rows_of(schedules, user=user, now=now),
        "load": load_of_the_week(schedules, now=now, zone=zone),
        "zone": settings.TIME_ZONE,
        "hours": range(24),
    }
    return render(request, "backups/schedules.html", context)


@form_methods
def schedule_new(request: HttpRequest) -> HttpResponse:
    user = person(request)
    must_have(user, "backups.add_backupschedule")
    initial = {"time_zone": settings.TIME_ZONE, "database": request.GET.get("database")}
    form = ScheduleForm(request.POST or None, user=user, initial=initial)
    return _answer(request, user, form)


@form_methods
def schedule_edit(request: HttpRequest, schedule_id: str) -> HttpResponse:
    user = person(request)
    schedule = _visible(user, schedule_id)
    must_have(user, "backups.change_backupschedule", schedule.company)
    return _answer(request, user, ScheduleForm(request.POST or None, user=user, schedule=schedule))


@require_POST
def schedule_act(request: HttpRequest, schedule_id: str) -> HttpResponse:
    """Pause, resume, run now or remove; each says what it did on the list."""
    user = person(request)
    schedule = _visible(user, schedule_id)
    act = _ACTS.get(request.POST.get("act", ""))
    if act is None:
        return HttpResponse(status=400)
    try:
        return act(request, user, schedule)
    except NotAllowed as error:
        raise PermissionDenied(str(error)) from error
    except BackupError as error:
        messages.error(request, f"{error} {error.cure}".strip())
    return redirect("backups:schedules")


@require_safe
def schedule_preview(request: HttpRequest) -> HttpResponse:
    """The next five runs of times that are being typed. Nothing is saved."""
    user = person(request)
    must_have(user, "backups.add_backupschedule")
    form = TimesForm(request.GET)
    context: dict[str, Any] = {"mistakes": [], "runs": []}
    if form.is_valid():
        try:
            context["runs"] = runs_of(try_times(**form.times()), now=database_now())
        except BackupError as error:
            context["mistakes"] = [str(error)]
    else:
        context["mistakes"] = mistakes(form)
    return render(request, "backups/schedule_runs.html", context)


def _pause(request: HttpRequest, user: User, schedule: BackupSchedule) -> HttpResponse:
    update_schedule(schedule=schedule, actor=user, enabled=False)
    messages.success(request, _("%(name)s is paused.") % {"name": schedule.name})
    return redirect("backups:schedules")


def _resume(request: HttpRequest, user: User, schedule: BackupSchedule) -> HttpResponse:
    update_schedule(schedule=schedule, actor=user, enabled=True)
    messages.success(request, _("%(name)s runs again.") % {"name": schedule.name})
    return redirect("backups:schedules")


def _run(_request: HttpRequest, user: User, schedule: BackupSchedule) -> HttpResponse:
    backup = run_schedule(schedule=schedule, actor=user, trigger=Backup.Trigger.MANUAL)
    return redirect("backups:detail", backup_id=backup.pk)


def _delete(request: HttpRequest, user: User, schedule: BackupSchedule) -> HttpResponse:
    delete_schedule(schedule=schedule, actor=user)
    words = _("%(name)s is removed. The backups that it made stay.")
    messages.success(request, words % {"name": schedule.name})
    return redirect("backups:schedules")


_ACTS = {"pause": _pause, "resume": _resume, "run": _run, "delete": _delete}


def _answer(request: HttpRequest, user: User, form: ScheduleForm) -> HttpResponse:
    if not form.is_bound:
        return _show(request, form)
    if not form.is_valid():
        return _show(request, form, status=400)
    try:
        saved = _save(form, user)
    except NotAllowed as error:
        raise PermissionDenied(str(error)) from error
    except ValidationError as error:
        form.add_error(None, error.messages)
        return _show(request, form, status=400)
    except BackupError as error:
        return _show(request, form, failure=explain(form, error), status=error.status)
    messages.success(request, _("%(name)s is saved.") % {"name": saved.name})
    return redirect("backups:schedules")


def _save(form: ScheduleForm, user: User) -> BackupSchedule:
    if form.schedule is None:
        database = form.cleaned_data["database"]
        return create_schedule(database=database, actor=user, **form.values())
    return update_schedule(schedule=form.schedule, actor=user, **form.values())


def _show(
    request: HttpRequest, form: ScheduleForm, *, failure: Failure | None = None, status: int = 200
) -> HttpResponse:
    context = {
        "form": form,
        "schedule": form.schedule,
        "failure": failure,
        "mistakes": mistakes(form) if form.is_bound and form.errors else [],
        "zones": zones(),
        "runs": runs_of(form.schedule, now=database_now()) if form.schedule else [],
    }
    return render(request, "backups/schedule_form.html", context, status=status)


def _visible(user: User, schedule_id: str) -> BackupSchedule:
    try:
        return schedule_of(actor=user, schedule_id=schedule_id)
    except NotFound as error:
        raise Http404(str(error)) from error
