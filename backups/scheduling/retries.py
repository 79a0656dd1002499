"""Tries after the first: of what may pass by itself, with growing pauses, before the next run.

A connection or a storage that is away may come back. Nothing else is tried again: what the
server refuses once it refuses twice.
"""

from datetime import datetime, timedelta

from django.urls import reverse
from django.utils.translation import gettext as _

from backups.errors import BackupError
from backups.models import Backup, BackupSchedule, DueTime
from backups.scheduling.timings import timing_of
from monitoring.alerts.models import Alert
from monitoring.alerts.services import open_alert
from monitoring.times.clock import database_now
from monitoring.times.due import next_due

RETRIED = ("connection_failed", "storage_unavailable")
LONGEST_PAUSE = timedelta(hours=6)


def plan_retry(*, backup: Backup, code: str) -> bool:
    """Whether a failed backup of a schedule is tried again: then its due time's row says when.

    Call it in the transaction of the backup's end.
    """
    if backup.due_time_id is None or code not in RETRIED:
        return False
    rows = DueTime.objects.select_for_update(of=("self",)).select_related("schedule")
    due_time = rows.filter(pk=backup.due_time_id).first()
    return due_time is not None and _plan(due_time, due_time.schedule)


def refuse_or_retry(*, due_time: DueTime, error: BackupError) -> None:
    """No backup could be queued: try again where that makes sense, else say so to people."""
    schedule = due_time.schedule
    due_time.reason_code, due_time.reason = error.code, str(error)
    DueTime.objects.filter(pk=due_time.pk).update(
        state=DueTime.State.REFUSED, reason_code=error.code, reason=str(error)
    )
    if error.code in RETRIED and _plan(due_time, schedule):
        return
    open_alert(
        key=f"backup.failed:{schedule.database_id}",
        company=schedule.company,
        severity=Alert.Severity.CRITICAL,
        subject=_("The schedule %(name)s could not begin") % {"name": schedule.name},
        text=str(error),
        url=reverse("backups:schedules"),
        thing=schedule.database,
        occurrence=f"due:{due_time.pk}",
    )


def _plan(due_time: DueTime, schedule: BackupSchedule) -> bool:
    if not schedule.enabled or due_time.tries > schedule.retries:
        return False
    now = database_now()
    pause = timedelta(minutes=schedule.retry_minutes) * 2 ** min(due_time.tries - 1, 20)
    at = now + min(pause, LONGEST_PAUSE)
    if not _has_room(schedule, at, now):
        return False
    DueTime.objects.filter(pk=due_time.pk).update(state=DueTime.State.RETRYING, retry_at=at)
    return True


def _has_room(schedule: BackupSchedule, at: datetime, now: datetime) -> bool:
    """Not at or behind the next due time, nor outside the window."""
    timing = timing_of(schedule)
    following = next_due(timing, after=now)
    is_open = timing.window is None or timing.window.holds(at, timing.zone_info)
    return is_open and (following is None or at < following)
