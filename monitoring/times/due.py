"""The times of a schedule, as pure arithmetic: no clock is read here, and no row.

By cron in a zone of its own: a time that spring skips is due at the next instant, one that
autumn repeats at its first. `*` as the hour means each hour that passes, also the repeated one.
"""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from cronsim import CronSim

from monitoring.times.cron import written_out

MINUTE = timedelta(minutes=1)
# 29 February may be eight years away, and a window may shut some more of them out.
FURTHEST = timedelta(days=366 * 17)
# What comes each day has met both changes of the clocks in a year.
FURTHEST_DAILY = timedelta(days=366 * 2)
# How far back the newest time is looked for, step by step: most schedules have one in a day.
_STEPS = tuple(timedelta(hours=hours) for hours in (1, 25, 24 * 8, 24 * 32, 24 * 370))


@dataclass(frozen=True)
class Window:
    """Hours of the day, of the schedule's zone, at which it may begin; both ends included.

    An end before its beginning is on the next day.
    """

    opens: time
    closes: time

    def holds(self, moment: datetime, zone: ZoneInfo) -> bool:
        today = moment.astimezone(zone).date()
        spans = (self._on(day, zone) for day in (today - timedelta(days=1), today))
        return any(first <= moment <= last for first, last in spans)

    def next_opening(self, moment: datetime, zone: ZoneInfo) -> datetime:
        today = moment.astimezone(zone).date()
        days = (today + timedelta(days=number) for number in range(4))
        return next(first for first, _ in (self._on(day, zone) for day in days) if first > moment)

    def _on(self, day: date, zone: ZoneInfo) -> tuple[datetime, datetime]:
        last_day = day if self.opens <= self.closes else day + timedelta(days=1)
        return instant_of(day, self.opens, zone), instant_of(last_day, self.closes, zone, fold=1)


@dataclass(frozen=True)
class Timing:
    """When a schedule is due. `anchor` is where an interval begins to be counted; `seed` makes
    the jitter of each time, the same on every machine."""

    anchor: datetime
    zone: str = "UTC"
    cron: str = ""
    minutes: int = 0
    window: Window | None = None
    jitter: timedelta = timedelta()
    seed: str = ""

    @property
    def zone_info(self) -> ZoneInfo:
        return ZoneInfo(self.zone)


def due_times(timing: Timing, *, after: datetime) -> Iterator[datetime]:
    """The times strictly after the moment, ascending, in UTC, until some years have none."""
    furthest = FURTHEST_DAILY if timing.cron.endswith(" * * *") else FURTHEST
    end = after + furthest
    zone = timing.zone_info
    while True:
        for moment in _all_times(timing, after):
            if moment > end:
                return
            if timing.window is None or timing.window.holds(moment, zone):
                yield moment
                end = moment + furthest
                continue
            # Not one by one through hours in which it may not run.
            opening = timing.window.next_opening(moment, zone).astimezone(UTC)
            after = opening - timedelta(seconds=1)
            break
        else:
            return


def next_due(timing: Timing, *, after: datetime) -> datetime | None:
    return next(due_times(timing, after=after), None)


def newest_due(timing: Timing, *, after: datetime, until: datetime) -> datetime | None:
    """The last due time in (after, until], or None. Cheap after an outage of years, too."""
    for step in (*_STEPS, FURTHEST):
        begin = max(after, until - step)
        newest = None
        for moment in due_times(timing, after=begin):
            if moment > until:
                break
            newest = moment
        if newest is not None or begin == after:
            return newest
    return None


def start_of(timing: Timing, due: datetime) -> datetime:
    """When the run of this time begins: a while after, the same each time it is asked.

    Never outside the window, nor as late as the next due time: so starts keep their order.
    """
    span = int(timing.jitter.total_seconds())
    if not span:
        return due
    digest = hashlib.sha256(f"{timing.seed}:{int(due.timestamp())}".encode()).digest()
    start = due + timedelta(seconds=int.from_bytes(digest[:8]) % (span + 1))
    if timing.window is not None and not timing.window.holds(start, timing.zone_info):
        return due
    following = next_due(timing, after=due)
    return start if following is None or start < following else due


def _all_times(timing: Timing, after: datetime) -> Iterator[datetime]:
    return _cron_times(timing, after) if timing.cron else _interval_times(timing, after)


def _interval_times(timing: Timing, after: datetime) -> Iterator[datetime]:
    step = timedelta(minutes=timing.minutes)
    moment = timing.anchor + ((after - timing.anchor) // step + 1) * step
    while True:
        yield moment.astimezone(UTC)
        moment += step


def _cron_times(timing: Timing, after: datetime) -> Iterator[datetime]:
    last = after
    # From an hour before: within a repeated hour the simulation knows local times alone, and
    # would pass by what the first of the two still has.
    local = (after - timedelta(hours=1)).astimezone(timing.zone_info)
    for moment in CronSim(written_out(timing.cron), local):
        found = moment.astimezone(UTC)
        # Several skipped times are one instant; repeated ones come again as their first.
        if found > last:
            yield found
            last = found


def instant_of(day: date, at: time, zone: ZoneInfo, *, fold: int = 0) -> datetime:
    """The local time as an instant; one that does not exist is the next that does."""
    moment = datetime.combine(day, at, tzinfo=zone).replace(fold=fold)
    while moment.astimezone(UTC).astimezone(zone).replace(fold=0) != moment.replace(fold=0):
        moment += MINUTE
    return moment.astimezone(UTC)
