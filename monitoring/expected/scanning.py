"""The scanner: what did not arrive by the end of its grace, found by the tick of any machine.

Each job's row says when to look at it again, so a round reads what is due and no more. Rows are
taken by `SKIP LOCKED`: however many rounds run, each job is looked at by one; whoever dies
leaves the rows as they were. Decision 034.
"""

import time
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog
from django.db import connection, transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from faults import reach
from monitoring.expected.arrivals import is_too_old
from monitoring.expected.gaps import gaps_after, note_watch
from monitoring.expected.models import BackupEntry, ExpectedBackupJob
from monitoring.expected.plans import Cycle, Gap, Look, look_at
from monitoring.expected.runs import open_runs
from monitoring.expected.states import BAD, Source, Status
from monitoring.expected.timings import plan_of
from monitoring.times.clock import CORRECTION, database_now

log = structlog.get_logger(__name__)

BATCH = 2000
LONGEST_ROUND_SECONDS = 30.0
# A job that cannot be read must not stand before the others in each round.
AFTER_A_MISTAKE = timedelta(minutes=5)


@dataclass(frozen=True)
class Found:
    """A job, and the cycles of it that are over."""

    job: ExpectedBackupJob
    look: Look


def scan_jobs() -> int:
    """Look at every job whose time has come; how many were missing. By the tick."""
    note_watch()
    began, missing = time.monotonic(), 0
    while time.monotonic() - began < LONGEST_ROUND_SECONDS:
        looked_at, found = _scan_batch()
        missing += found
        if looked_at < BATCH:
            break
    return missing


@transaction.atomic
def _scan_batch() -> tuple[int, int]:
    now = database_now()
    jobs = list(
        ExpectedBackupJob.objects.filter(is_active=True)
        .filter(
            Q(next_check_at__lte=now) | Q(next_check_at=None) | Q(watermark__gt=now + CORRECTION)
        )
        .order_by("next_check_at", "pk")
        .select_for_update(of=("self",), skip_locked=True)[:BATCH]
    )
    if not jobs:
        return 0, 0
    reach("expected.claimed")
    gaps = gaps_after(min(job.watermark for job in jobs))
    runs = open_runs(jobs, now)
    found = [one for job in jobs if (one := _look(job, now, gaps, runs.get(job.pk)))]
    _forget_the_future([one.job for one in found if one.look.clock_went_back], now)
    missing = _write_entries(found)
    reach("expected.entries-written")
    _write_jobs(jobs)
    reach("expected.before-commit")
    return len(jobs), missing


def _look(
    job: ExpectedBackupJob, now: datetime, gaps: tuple[Gap, ...], run: datetime | None
) -> Found | None:
    job.last_checked_at = now
    try:
        look = _look_now(job, now, gaps, run)
    except Exception:
        log.exception("expected_job_unreadable", job=job.pk)
        job.next_check_at = now + AFTER_A_MISTAKE
        return None
    job.watermark, job.next_check_at = look.watermark, look.next_look
    was_too_old, job.is_too_old = job.is_too_old, is_too_old(job, now)
    if was_too_old and not job.is_too_old and job.current_status not in BAD:
        job.acknowledged_at, job.acknowledged_by = None, ""
    if job.max_age_hours is not None and not job.is_too_old:
        ages = (job.last_success_at or job.created_at) + timedelta(hours=job.max_age_hours)
        job.next_check_at = min(job.next_check_at or ages, ages + timedelta(seconds=1))
    return Found(job, look)


def _look_now(
    job: ExpectedBackupJob, now: datetime, gaps: tuple[Gap, ...], run: datetime | None
) -> Look:
    plan, begin = plan_of(job), job.watermark
    waits_until = _waits_until(job, run)
    if waits_until is not None and waits_until > now:
        # Not yet: the first report, or the end of a run that began in time, may still come.
        return Look(begin, waits_until, job.next_expected_at)
    if job.first_received_at is None and job.first_report_by is not None:
        # Of all the times before the first report was due, the newest one stands for them.
        newest = look_at(plan, watermark=begin, now=now, gaps=gaps)
        return Look(newest.watermark, newest.next_look, newest.next_due, newest.over[-1:])
    return look_at(plan, watermark=begin, now=now, gaps=gaps)


def _waits_until(job: ExpectedBackupJob, run: datetime | None) -> datetime | None:
    if job.first_received_at is None and job.first_report_by is not None:
        return job.first_report_by
    if run is not None and job.end_within_minutes:
        return run + timedelta(minutes=job.end_within_minutes)
    return None


def _forget_the_future(jobs: list[ExpectedBackupJob], now: datetime) -> None:
    """What a clock that ran ahead called missing: its times come again."""
    if jobs:
        log.warning("clock_went_back", jobs=len(jobs))
        ahead = BackupEntry.objects.filter(job__in=jobs, expected_at__gt=now + CORRECTION)
        ahead.filter(source=Source.SCANNER).delete()


def _write_entries(found: list[Found]) -> int:
    """An entry for each cycle that is over and has none; how many of them are missing."""
    over = [(one.job, cycle, watched) for one in found for cycle, watched in one.look.over]
    known = set(
        BackupEntry.objects.filter(
            job__in={job.pk for job, *_rest in over},
            expected_at__in={cycle.due for _job, cycle, _watched in over},
        ).values_list("job_id", "expected_at")
    )
    new = [
        _entry(job, cycle, watched=watched)
        for job, cycle, watched in over
        if (job.pk, cycle.due) not in known
    ]
    BackupEntry.objects.bulk_create(new, ignore_conflicts=True)
    states = {(entry.job_id, entry.expected_at): entry.status for entry in new}
    for one in found:
        _take_state(one, states)
    return sum(entry.status == Status.MISSING for entry in new)


def _entry(job: ExpectedBackupJob, cycle: Cycle, *, watched: bool) -> BackupEntry:
    message = _("Nothing arrived by the end of grace.")
    if not watched:
        message = _("Nobody watched when it was due: whether it came is not known.")
    return BackupEntry(
        company_id=job.company_id,
        job=job,
        expected_at=cycle.due,
        status=Status.MISSING if watched else Status.UNKNOWN,
        source=Source.SCANNER,
        error_message=message,
    )


def _take_state(one: Found, states: dict[tuple[int, datetime], str]) -> None:
    """The newest missing time is the job's state, unless something newer arrived already."""
    job = one.job
    if one.look.over and (
        job.next_expected_at is None or job.next_expected_at <= one.look.over[-1][0].due
    ):
        job.next_expected_at = one.look.next_due
    for cycle, _watched in one.look.over:
        state = states.get((job.pk, cycle.due))
        is_newest = job.status_due_at is None or cycle.due > job.status_due_at
        if state == Status.MISSING and is_newest:
            if job.current_status != state:
                job.acknowledged_at, job.acknowledged_by = None, ""
            job.current_status, job.status_due_at = state, cycle.due


_JOBS = """
UPDATE monitoring_expectedbackupjob AS job SET
  watermark = new.watermark, next_check_at = new.next_check_at, last_checked_at = new.checked,
  next_expected_at = new.next_expected, current_status = new.status,
  status_due_at = new.status_due, acknowledged_at = new.acknowledged,
  acknowledged_by = new.acknowledger, is_too_old = new.too_old
FROM unnest(%s::bigint[], %s::timestamptz[], %s::timestamptz[], %s::timestamptz[],
  %s::timestamptz[], %s::text[], %s::timestamptz[], %s::timestamptz[], %s::text[], %s::bool[])
  AS new(id, watermark, next_check_at, checked, next_expected, status, status_due,
         acknowledged, acknowledger, too_old)
WHERE job.id = new.id
"""


def _write_jobs(jobs: list[ExpectedBackupJob]) -> None:
    """All rows in one statement."""
    never = timedelta(days=365)
    rows = [
        (
            job.pk,
            job.watermark,
            # Nothing is ever due again: to be looked at once a year costs nothing.
            job.next_check_at or job.watermark + never,
            job.last_checked_at,
            job.next_expected_at,
            job.current_status,
            job.status_due_at,
            job.acknowledged_at,
            job.acknowledged_by,
            job.is_too_old,
        )
        for job in jobs
    ]
    with connection.cursor() as cursor:
        cursor.execute(_JOBS, [list(column) for column in zip(*rows, strict=True)])
