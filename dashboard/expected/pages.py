"""What is expected, by company and city, with what is late, missing or failed; and one of it."""

from collections.abc import Iterator
from datetime import date, timedelta
from itertools import groupby
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from access.models import User
from access.policy import NotAllowed
from backups.errors import BackupError
from backups.models import Backup, Database
from backups.pages.permitted import must_have, person
from backups.services import request_backup
from monitoring.expected.attention import acknowledge_job, snooze_job
from monitoring.expected.board import (
    PAGE,
    STANDINGS,
    Row,
    choose,
    count_standings,
    rows_of,
    words_of,
)
from monitoring.expected.errors import ExpectedError, NotFound
from monitoring.expected.jobs import ADD, CHANGE, rotate_ping_key, update_job
from monitoring.expected.models import BackupEntry, ExpectedBackupJob, JobRun
from monitoring.expected.selectors import job_for
from monitoring.expected.states import BAD
from monitoring.times.clock import database_now

# An agent may see its own jobs by the API, and no pages.
PAGES = "backups.view_database"
ENTRIES, RUNS = 30, 10
LAST_PAGE = 4000
SNOOZES = (1, 8, 24, 72)


@require_safe
def board(request: HttpRequest) -> HttpResponse:
    user = person(request)
    must_have(user, PAGES)
    must_have(user, "monitoring.view_expectedbackupjob")
    now = database_now()
    standing, search = request.GET.get("state", ""), request.GET.get("search", "")[:100]
    number = _page_number(request.GET.get("page"))
    chosen = choose(actor=user, now=now, standing=standing, search=search)
    jobs = list(chosen[(number - 1) * PAGE : number * PAGE + 1])
    counts = count_standings(actor=user, now=now)
    context = {
        "groups": list(_groups(rows_of(jobs[:PAGE], now))),
        "standings": [
            {"key": one, "word": words_of(one), "count": counts[one]} for one in STANDINGS
        ],
        "all": sum(counts.values()),
        "trouble": counts["missing"] + counts["failed"] + counts["too_old"] + counts["late"],
        "state": standing,
        "search": search,
        "previous": number - 1,
        "next": number + 1 if len(jobs) > PAGE else 0,
        "polls": True,
        "may_add": user.may(ADD),
    }
    template = "expected/board_live.html" if "X-Live" in request.headers else "expected/board.html"
    return render(request, template, context)


@require_safe
def job_page(request: HttpRequest, job_id: int) -> HttpResponse:
    user = person(request)
    job = _visible(user, job_id)
    now = database_now()
    [row] = rows_of([job], now)
    day = _day(request.GET.get("day"))
    entries = BackupEntry.objects.filter(job=job).order_by("-expected_at")
    entries = entries.select_related("content_check")
    if day is not None:
        entries = entries.filter(expected_at__date__gte=day, expected_at__date__lte=day)
    company = job.company
    context = {
        "row": row,
        "job": job,
        "day": day,
        "entries": entries[:ENTRIES],
        "runs": JobRun.objects.filter(job=job)[:RUNS],
        "ping_url": request.build_absolute_uri(f"/ping/{job.ping_key}"),
        "database": _linked(user, job),
        "is_bad": job.current_status in BAD or job.is_too_old,
        "is_snoozed": job.snoozed_until is not None and job.snoozed_until > now,
        "snoozes": SNOOZES,
        "may_act": user.may("monitoring.acknowledge_expectedbackupjob", company),
        "may_run": user.may("backups.add_backup", company),
        "may_change": user.may(CHANGE, company),
        "zone": settings.TIME_ZONE,
    }
    return render(request, "expected/job.html", context)


@require_POST
def act(request: HttpRequest, job_id: int) -> HttpResponse:
    """Acknowledge, keep quiet for a while, or back the linked database up now."""
    user = person(request)
    job = _visible(user, job_id)
    what = _ACTS.get(request.POST.get("act", ""))
    if what is None:
        return HttpResponse(status=400)
    try:
        return what(request, user, job)
    except NotAllowed as error:
        raise PermissionDenied(str(error)) from error
    except (BackupError, ExpectedError) as error:
        messages.error(request, str(error))
    return redirect("dashboard:expected-job", job_id=job.pk)


def _acknowledge(request: HttpRequest, user: User, job: ExpectedBackupJob) -> HttpResponse:
    acknowledge_job(job=job, actor=user)
    messages.success(request, _("It is known that somebody looks after it."))
    return redirect("dashboard:expected-job", job_id=job.pk)


def _snooze(request: HttpRequest, user: User, job: ExpectedBackupJob) -> HttpResponse:
    hours = request.POST.get("hours", "")
    number = int(hours) if hours.isascii() and hours.isdigit() and len(hours) < 6 else -1
    found = snooze_job(job=job, actor=user, hours=number)
    said = (
        _("Nothing is told of it for a while.") if found.snoozed_until else _("It is told again.")
    )
    messages.success(request, said)
    return redirect("dashboard:expected-job", job_id=job.pk)


def _run(request: HttpRequest, user: User, job: ExpectedBackupJob) -> HttpResponse:
    database = _linked(user, job)
    if database is None:
        messages.error(request, _("No database is linked to it."))
        return redirect("dashboard:expected-job", job_id=job.pk)
    backup = request_backup(
        database=database, options={}, actor=user, trigger=Backup.Trigger.MANUAL
    )
    return redirect("backups:detail", backup_id=backup.pk)


def _pause(request: HttpRequest, user: User, job: ExpectedBackupJob) -> HttpResponse:
    update_job(job=job, actor=user, is_active=False)
    messages.success(request, _("Nothing is expected of it until it is resumed."))
    return redirect("dashboard:expected-job", job_id=job.pk)


def _resume(request: HttpRequest, user: User, job: ExpectedBackupJob) -> HttpResponse:
    update_job(job=job, actor=user, is_active=True)
    messages.success(request, _("It is expected again from now on."))
    return redirect("dashboard:expected-job", job_id=job.pk)


def _rotate(request: HttpRequest, user: User, job: ExpectedBackupJob) -> HttpResponse:
    rotate_ping_key(job=job, actor=user)
    messages.success(request, _("It has another address. Put it where the old one stood."))
    return redirect("dashboard:expected-job", job_id=job.pk)


_ACTS = {
    **{"acknowledge": _acknowledge, "snooze": _snooze, "run": _run},
    **{"pause": _pause, "resume": _resume, "rotate": _rotate},
}


def _linked(user: User, job: ExpectedBackupJob) -> Database | None:
    found: Database | None = Database.objects.visible_to(user).filter(expected_job=job).first()
    return found


def _visible(user: User, job_id: int) -> ExpectedBackupJob:
    try:
        if not user.may(PAGES):
            raise NotFound
        return job_for(actor=user, job_id=job_id)
    except ExpectedError as error:
        raise Http404(str(error)) from error


def _groups(rows: list[Row]) -> Iterator[dict[str, Any]]:
    for (company, city), found in groupby(rows, key=lambda row: (row.job.company, row.job.city)):
        yield {"company": company.name, "city": city, "rows": list(found)}


def _page_number(text: str | None) -> int:
    if text and text.isascii() and text.isdigit() and len(text) < 6:
        return max(1, min(int(text), LAST_PAGE))
    return 1


def _day(text: str | None) -> date | None:
    try:
        found = date.fromisoformat(text or "")
    except ValueError:
        return None
    return found if timedelta(0) <= date(9999, 1, 1) - found else None
