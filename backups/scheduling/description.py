"""A schedule in the shape of the documented API, with its next runs and its last one."""

import uuid
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from backups.description import iso
from backups.models import Backup, BackupSchedule, DueTime
from backups.retention import RETENTION, described_retention
from backups.scheduling.targets import storages_of
from backups.scheduling.timings import next_runs, window_of
from monitoring.times.clock import database_now


def describe_schedule(schedule: BackupSchedule) -> dict[str, Any]:
    return describe_schedules([schedule])[0]


def describe_schedules(schedules: Sequence[BackupSchedule]) -> list[dict[str, Any]]:
    """In three queries whatever their number. `retention` is null when nothing is removed."""
    now, storages, last = database_now(), storages_of(schedules), last_runs(schedules)
    return [
        {
            "id": str(one.pk),
            "company": {"id": one.company_id, "name": one.company.name},
            "database": {"id": str(one.database_id), "name": one.database.name},
            "name": one.name,
            "enabled": one.enabled,
            "cron": one.cron or None,
            "interval_minutes": one.interval_minutes,
            "time_zone": one.time_zone,
            "window": window_of(one),
            "jitter_minutes": one.jitter_minutes,
            "retries": one.retries,
            "retry_minutes": one.retry_minutes,
            "options": one.options,
            "storages": [{"id": str(it.pk), "name": it.name} for it in storages[one.pk]],
            "retention": described_retention(
                {name: getattr(one, f"keep_{name}") for name in RETENTION}
            ),
            "next_runs": [iso(at) for at in next_runs_or_none(one, now)],
            "last_run": _describe_run(last[one.pk]) if one.pk in last else None,
            "created_at": iso(one.created_at),
        }
        for one in schedules
    ]


def next_runs_or_none(schedule: BackupSchedule, now: datetime) -> list[datetime]:
    """Of a schedule that cannot be read (a zone that is gone) none, instead of no list at all."""
    try:
        return next_runs(schedule, now=now)
    except (ValueError, KeyError):
        return []


def last_runs(
    schedules: Sequence[BackupSchedule],
) -> dict[uuid.UUID, tuple[DueTime, Backup | None]]:
    """The newest due time of each, with the newest backup made for it."""
    rows = DueTime.objects.filter(schedule__in=[one.pk for one in schedules])
    newest = list(rows.order_by("schedule_id", "-created_at", "-pk").distinct("schedule_id"))
    backups = Backup.objects.filter(due_time__in=[row.pk for row in newest]).defer("manifest")
    by_time = {one.due_time_id: one for one in backups.order_by("created_at")}
    return {row.schedule_id: (row, by_time.get(row.pk)) for row in newest}


def _describe_run(run: tuple[DueTime, Backup | None]) -> dict[str, Any]:
    row, backup = run
    return {
        "due_at": iso(row.due_at),
        "late": row.late,
        "state": row.state,
        "tries": row.tries,
        "retry_at": iso(row.retry_at),
        "reason": {"code": row.reason_code, "message": row.reason} if row.reason_code else None,
        "backup": str(backup.pk) if backup else None,
        "status": backup.status if backup else None,
    }
