"""By when the next good backup of a database was promised: pure, and for a list in two queries.

The database's own hours, when they are set; else the due times of its schedules: after one of
them comes a good backup, or the promise is broken. With neither, a day: but then nobody promised.
"""

import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from backups.models import BackupSchedule, Database
from backups.options import NARROWING
from backups.scheduling.timings import timing_of
from monitoring.times.due import Timing, next_due

DEFAULT = timedelta(hours=24)
# A run takes its time, and may be tried again: at least this long after its due time.
GRACE = timedelta(hours=2)


@dataclass(frozen=True)
class Promise:
    """`since` is when it was given. A run may take `room` after its due time."""

    hours: int | None = None
    timings: tuple[tuple[Timing, datetime], ...] = ()
    room: timedelta = GRACE

    @property
    def was_given(self) -> bool:
        return self.hours is not None or bool(self.timings)

    def ends(self, *, good: datetime) -> datetime:
        """Until when the next good backup has to be there, after one from this moment."""
        if self.hours is not None:
            return good + timedelta(hours=self.hours)
        if not self.timings:
            return good + DEFAULT
        # Before a schedule was made it promised nothing.
        dues = (next_due(timing, after=max(good, since)) for timing, since in self.timings)
        known = [due for due in dues if due is not None]
        return min(known) + self.room if known else good + DEFAULT


def promises_of(
    databases: Iterable[Database], *, longest: dict[uuid.UUID, timedelta] | None = None
) -> dict[uuid.UUID, Promise]:
    """Of each database. `longest` is how long its newest good run took: it gets twice that."""
    wanted = list(databases)
    schedules: dict[uuid.UUID, list[BackupSchedule]] = {}
    whole = BackupSchedule.objects.filter(enabled=True, database__in=[one.pk for one in wanted])
    for schedule in whole.exclude(options__has_any_keys=NARROWING):
        schedules.setdefault(schedule.database_id, []).append(schedule)
    return {
        one.pk: _promise(one, schedules.get(one.pk, []), (longest or {}).get(one.pk, timedelta()))
        for one in wanted
    }


def _promise(database: Database, schedules: list[BackupSchedule], took: timedelta) -> Promise:
    if database.promise_hours is not None:
        return Promise(hours=database.promise_hours)
    timings = tuple((timing_of(one), one.created_at) for one in schedules)
    spread = max((timing.jitter for timing, _since in timings), default=timedelta())
    return Promise(timings=timings, room=max(GRACE, 2 * took) + spread)
