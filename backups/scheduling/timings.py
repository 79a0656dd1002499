"""A schedule's row as the arithmetic of `due` takes it."""

from datetime import datetime, timedelta

from backups.models import BackupSchedule
from backups.scheduling.evaluation import next_starts
from monitoring.times.due import Timing, Window


def timing_of(schedule: BackupSchedule) -> Timing:
    window = None
    if schedule.window_from is not None and schedule.window_to is not None:
        window = Window(schedule.window_from, schedule.window_to)
    return Timing(
        anchor=schedule.created_at.replace(second=0, microsecond=0),
        zone=schedule.time_zone,
        cron=schedule.cron,
        minutes=schedule.interval_minutes or 0,
        window=window,
        jitter=timedelta(minutes=schedule.jitter_minutes),
        seed=str(schedule.pk),
    )


def next_runs(schedule: BackupSchedule, *, now: datetime, count: int = 5) -> list[datetime]:
    """The times at which it begins next, while it is not paused; in UTC."""
    return next_starts(timing_of(schedule), after=now, count=count) if schedule.enabled else []


def window_of(schedule: BackupSchedule) -> dict[str, str] | None:
    """As it is given and shown, in the schedule's zone."""
    if schedule.window_from is None or schedule.window_to is None:
        return None
    return {"from": f"{schedule.window_from:%H:%M}", "to": f"{schedule.window_to:%H:%M}"}
