"""Which due time each instant belongs to, as pure arithmetic: no clock is read here, and no row.

Time is cut into cycles, one for each due time: a cycle opens a while before its due time (what
comes early counts), and ends where the next one opens. What is late still belongs to its own.
"""

import calendar
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import cached_property
from itertools import islice
from zoneinfo import ZoneInfo

from monitoring.times.clock import CORRECTION
from monitoring.times.due import FURTHEST, Timing, due_times, instant_of, newest_due

_EPOCH = datetime(2000, 1, 1, tzinfo=UTC)
_SECOND = timedelta(seconds=1)
# How far back the newest due time of these may lie, clock changes and short months included.
_SPANS = {"daily": timedelta(days=4), "weekly": timedelta(days=10), "monthly": timedelta(days=64)}


@dataclass(frozen=True)
class Plan:
    """When a backup is expected. `at` is of the zone; a day 31 is the last one of each month.

    `weekdays` begin with 0 for Monday. `grace` is how late it may be, `early` how much before.
    """

    frequency: str
    at: time = time()
    zone: str = "UTC"
    weekdays: tuple[int, ...] = ()
    day_of_month: int = 1
    cron: str = ""
    grace: timedelta = timedelta()
    early: timedelta = timedelta()

    @cached_property
    def timing(self) -> Timing | None:
        """Of those that cron can say: hours that pass, and what the job's own cron says."""
        if self.frequency == "hourly":
            return Timing(anchor=_EPOCH, zone=self.zone, cron=f"{self.at.minute} * * * *")
        if self.frequency == "custom":
            return Timing(anchor=_EPOCH, zone=self.zone, cron=self.cron)
        return None

    @cached_property
    def zone_info(self) -> ZoneInfo:
        return ZoneInfo(self.zone)


@dataclass(frozen=True)
class Cycle:
    """`opens` ≤ due ≤ `deadline` ≤ `ends`; at `ends` the next one opens. Both ends in UTC.

    What arrives after the deadline is late, and after `ends` it is the next one's.
    """

    due: datetime
    opens: datetime
    deadline: datetime
    ends: datetime


@dataclass(frozen=True)
class Look:
    """What a look finds: cycles that are over, and whether somebody watched each end.

    `watermark` and `next_look` belong into the job's row; `next_due` is of the first cycle that
    is not over.
    """

    watermark: datetime
    next_look: datetime | None
    next_due: datetime | None
    over: tuple[tuple[Cycle, bool], ...] = ()
    clock_went_back: bool = False


@dataclass(frozen=True)
class Gap:
    """Nobody watched from `began` to `ended`."""

    began: datetime
    ended: datetime


def times_after(plan: Plan, moment: datetime) -> Iterator[datetime]:
    """The due times strictly after the moment, ascending, in UTC."""
    if plan.timing is not None:
        yield from due_times(plan.timing, after=moment)
        return
    last = moment
    for day in _days(plan, (moment - timedelta(days=2)).astimezone(plan.zone_info).date()):
        found = instant_of(day, plan.at, plan.zone_info)
        # A day that a zone skips falls onto the next one: two of them are one instant.
        if found > last:
            yield found
            last = found


def newest_until(plan: Plan, moment: datetime) -> datetime | None:
    """The last due time that is not after the moment, or None for a cron that had none."""
    if plan.timing is not None:
        return newest_due(plan.timing, after=moment - FURTHEST, until=moment)
    newest = None
    for found in times_after(plan, moment - _SPANS[plan.frequency]):
        if found > moment:
            break
        newest = found
    return newest


def cycle_at(plan: Plan, moment: datetime) -> Cycle | None:
    """The one cycle to which the instant belongs; None when nothing is ever due again."""
    newest = newest_until(plan, moment)
    behind = newest if newest is not None else moment
    following = list(islice(times_after(plan, behind), 2))
    if following and (newest is None or moment >= _opening(plan, newest, following[0])):
        return _cycle(plan, newest, following[0], following[1] if len(following) > 1 else None)
    if newest is None:
        return None
    before = newest_until(plan, newest - _SECOND)
    return _cycle(plan, before, newest, following[0] if following else None)


def cycle_after(plan: Plan, cycle: Cycle) -> Cycle | None:
    """The one that opens where this one ends."""
    return next(_cycles(plan, cycle.due, times_after(plan, cycle.due)), None)


def look_at(plan: Plan, *, watermark: datetime, now: datetime, gaps: tuple[Gap, ...] = ()) -> Look:
    """Every cycle whose deadline lies in (watermark, now]; of those in a gap the newest alone.

    A cycle is watched when its deadline did not pass in a gap. `gaps` are in order.
    """
    went_back = watermark > now + CORRECTION
    over: list[tuple[Cycle, bool]] = []
    start = now if went_back else watermark
    for gap in gaps:
        if gap.ended <= start:
            continue
        if gap.began > start:
            over += [(one, True) for one in _over(plan, start, gap.began)]
            start = gap.began
        end = min(gap.ended, now)
        newest = _newest_over(plan, start, end)
        over += [(newest, False)] if newest else []
        start = max(start, end)
    over += [(one, True) for one in _over(plan, start, now)]
    begun = max(start, now)
    following = next(_from(plan, begun), None)
    return Look(
        watermark=begun,
        next_look=following.deadline if following else None,
        next_due=following.due if following else None,
        over=tuple(over),
        clock_went_back=went_back,
    )


def _over(plan: Plan, after: datetime, until: datetime) -> Iterator[Cycle]:
    for cycle in _from(plan, after):
        if cycle.deadline > until:
            return
        yield cycle


def _from(plan: Plan, after: datetime) -> Iterator[Cycle]:
    """The cycles whose deadline is after the moment."""
    # No deadline is later than the grace after its due time.
    begin = after - plan.grace - _SECOND
    for cycle in _cycles(plan, newest_until(plan, begin), times_after(plan, begin)):
        if cycle.deadline > after:
            yield cycle


def _newest_over(plan: Plan, after: datetime, until: datetime) -> Cycle | None:
    if until <= after:
        return None
    due = newest_until(plan, until)
    while due is not None:
        before = newest_until(plan, due - _SECOND)
        cycle = next(_cycles(plan, before, times_after(plan, due - _SECOND)))
        if cycle.deadline <= until:
            return cycle if cycle.deadline > after else None
        due = before
    return None


def _cycles(plan: Plan, before: datetime | None, times: Iterator[datetime]) -> Iterator[Cycle]:
    due = next(times, None)
    while due is not None:
        following = next(times, None)
        yield _cycle(plan, before, due, following)
        before, due = due, following


def _cycle(plan: Plan, before: datetime | None, due: datetime, following: datetime | None) -> Cycle:
    ends = datetime.max.replace(tzinfo=UTC)
    if following is not None:
        ends = _opening(plan, due, following)
    return Cycle(
        due=due,
        opens=_opening(plan, before, due),
        # Once the next cycle has opened, what comes is the next one's: to wait is of no use.
        deadline=min(due + plan.grace, ends),
        ends=ends,
    )


def _opening(plan: Plan, before: datetime | None, due: datetime) -> datetime:
    """Where the cycle begins: never before half of the way from the due time before."""
    if before is None:
        return due - plan.early
    return due - min(plan.early, (due - before) / 2)


def _days(plan: Plan, first: date) -> Iterator[date]:
    if plan.frequency == "monthly":
        yield from _month_days(plan, first)
        return
    day = first
    while day < date.max - timedelta(days=3):
        if plan.frequency == "daily" or day.weekday() in plan.weekdays:
            yield day
        day += timedelta(days=1)


def _month_days(plan: Plan, first: date) -> Iterator[date]:
    year, month = first.year, first.month
    while year < date.max.year:
        longest = calendar.monthrange(year, month)[1]
        yield date(year, month, min(plan.day_of_month, longest))
        year, month = (year, month + 1) if month < 12 else (year + 1, 1)
