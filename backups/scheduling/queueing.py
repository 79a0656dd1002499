"""The tick's part: each due time becomes one backup in the queue, in order, in bounded batches.

In one transaction: the schedule's row says that the time was dealt with, the due time's row
names what became of it, and the backup with its queue entry is there. Decision 023.
"""

import time
import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog
from django.db import connection, transaction
from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from access.policy import System
from backups.errors import BackupError
from backups.making import Wanted, make_backups
from backups.models import Backup, BackupSchedule, DueTime
from backups.options import parse_options
from backups.scheduling.evaluation import Look, is_run_already, look_at
from backups.scheduling.retries import refuse_or_retry
from backups.scheduling.targets import Chooser
from backups.scheduling.timings import timing_of
from faults import reach
from monitoring.times.clock import CORRECTION, database_now

log = structlog.get_logger(__name__)

BATCH = 100
LONGEST_ROUND_SECONDS = 30.0
# A schedule that cannot be read must not stand before the others in each round.
AFTER_A_MISTAKE = timedelta(minutes=5)
LOCK = 0x73636865  # one round at a time: else two of them would mix the order
ACTIVE = (Backup.Status.PENDING, Backup.Status.RUNNING)
ACTOR = System("schedule")
BUSY = "still_running"


@dataclass(frozen=True)
class Found:
    schedule: BackupSchedule
    look: Look
    watermark_before: datetime


def queue_due_backups() -> int:
    """Queue what is due, for as long as there is something; how many backups. By the tick."""
    began = time.monotonic()
    made = 0
    while time.monotonic() - began < LONGEST_ROUND_SECONDS:
        looked_at, queued = _queue_batch()
        made += queued
        if looked_at < BATCH:
            break
    return made


@transaction.atomic
def _queue_batch() -> tuple[int, int]:
    if not _alone():
        return 0, 0
    now = database_now()
    schedules = list(_to_look_at(now)[:BATCH])
    if not schedules:
        return 0, 0
    reach("schedule.claimed")
    found = [one for one in (_look(schedule, now) for schedule in schedules) if one is not None]
    _let_the_future_come_again(found, now)
    due = _not_yet_run(found)
    in_order = sorted(due, key=lambda one: (one.look.due or now, one.schedule.name))
    queued = _queue_each(in_order, now)
    BackupSchedule.objects.bulk_update(schedules, ["watermark", "next_at"])
    reach("schedule.before-commit")
    transaction.on_commit(lambda: reach("schedule.committed"))
    return len(schedules), queued


def _to_look_at(now: datetime) -> QuerySet[BackupSchedule]:
    """Whose time has come, who was never looked at, and who was dealt with in a future."""
    rows: QuerySet[BackupSchedule] = BackupSchedule.objects.filter(enabled=True)
    rows = rows.filter(
        Q(next_at__lte=now) | Q(next_at=None) | Q(watermark__gt=now + CORRECTION)
    ).select_related("company", "database__company")
    return rows.order_by("next_at", "pk").select_for_update(of=("self",), skip_locked=True)


def _look(schedule: BackupSchedule, now: datetime) -> Found | None:
    try:
        look = look_at(timing_of(schedule), watermark=schedule.watermark, now=now)
    except Exception:
        log.exception("schedule_unreadable", schedule=str(schedule.pk))
        schedule.next_at = now + AFTER_A_MISTAKE
        return None
    found = Found(schedule, look, schedule.watermark)
    schedule.watermark, schedule.next_at = look.watermark, look.next_at or now + timedelta(days=365)
    return found


def _let_the_future_come_again(found: Iterable[Found], now: datetime) -> None:
    back = [one.schedule.pk for one in found if one.look.clock_went_back]
    if back:
        log.warning("clock_went_back", schedules=len(back))
        ahead = DueTime.objects.filter(schedule__in=back, due_at__gt=now + CORRECTION, counts=True)
        ahead.update(counts=False)


def _not_yet_run(found: Iterable[Found]) -> list[Found]:
    due = [one for one in found if one.look.due is not None]
    rows = DueTime.objects.filter(
        schedule__in=[one.schedule.pk for one in due], due_at__in=[one.look.due for one in due]
    )
    named, counted = set(), set()
    for schedule_id, due_at, is_counted in rows.values_list("schedule_id", "due_at", "counts"):
        named.add((schedule_id, due_at))
        if is_counted:
            counted.add((schedule_id, due_at))

    def is_over(one: Found) -> bool:
        key = (one.schedule.pk, one.look.due)
        return is_run_already(late=one.look.late, named=key in named, counted=key in counted)

    return [one for one in due if not is_over(one)]


def _queue_each(due: list[Found], now: datetime) -> int:
    if not due:
        return 0
    pks = [one.schedule.pk for one in due]
    # What a time before this one still had to try has no sense beside it.
    DueTime.objects.filter(schedule__in=pks, retry_at__isnull=False).update(
        retry_at=None, state=DueTime.State.REFUSED
    )
    under_way = Backup.objects.filter(schedule__in=pks, status__in=ACTIVE)
    busy = set(under_way.values_list("schedule_id", flat=True))
    chooser = Chooser([one.schedule for one in due])
    try:
        with transaction.atomic():
            return _queue(due, busy, chooser)
    except Exception:
        log.exception("schedules_not_queued", schedules=len(due))
    return sum(_queue_alone(one, busy, chooser, now) for one in due)


def _queue_alone(one: Found, busy: set[uuid.UUID], chooser: Chooser, now: datetime) -> int:
    """One that cannot be queued takes none of the others with it."""
    try:
        with transaction.atomic():
            return _queue([one], busy, chooser)
    except Exception:
        log.exception("schedule_not_queued", schedule=str(one.schedule.pk))
        # Nothing was dealt with: it is due as before, a little later.
        one.schedule.watermark = one.watermark_before
        one.schedule.next_at = now + AFTER_A_MISTAKE
        return 0


def _queue(due: list[Found], busy: set[uuid.UUID], chooser: Chooser) -> int:
    rows = []
    for one in due:
        assert one.look.due is not None
        row = DueTime(schedule=one.schedule, due_at=one.look.due, late=one.look.late)
        row.state = DueTime.State.QUEUED
        if one.schedule.pk in busy:
            row.state, row.reason_code = DueTime.State.SKIPPED, BUSY
            row.reason = _("The run before this one had not ended yet.")
        rows.append(row)
    DueTime.objects.bulk_create(rows)
    return make_due_backups(
        [row for row in rows if row.state == DueTime.State.QUEUED], chooser=chooser
    )


def make_due_backups(rows: list[DueTime], *, chooser: Chooser) -> int:
    """Queue the backups of due times, or write into their rows why there is none.

    When another backup of the database runs, they wait for it in the queue.
    """
    wanted = []
    for row in rows:
        try:
            options = parse_options(row.schedule.options)
            choice = chooser.choose(row.schedule, passing_by=_broken_storages(row))
        except BackupError as error:
            refuse_or_retry(due_time=row, error=error)
            continue
        facts = {"schedule": row.schedule, "due_time": row}
        wanted.append(
            Wanted(
                row.schedule.database,
                choice.target,
                options,
                warning=choice.warning,
                facts=facts,
            )
        )
    return len(make_backups(wanted, actor=ACTOR, trigger=Backup.Trigger.SCHEDULE))


def _broken_storages(due_time: DueTime) -> int:
    """How many tries of this due time ended because a storage was away."""
    if due_time.tries == 1:
        return 0
    return due_time.backups.filter(error_code="storage_unavailable").count()


def _alone() -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [LOCK])
        row = cursor.fetchone()
        return bool(row and row[0])
