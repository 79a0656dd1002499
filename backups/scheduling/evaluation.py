"""What a look at a schedule finds: the due time to run now, if any, and when to look again.

Pure: the moment is given, by the database's clock. Decision 023 says why it is done so.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from monitoring.times.clock import CORRECTION
from monitoring.times.due import Timing, due_times, newest_due, next_due, start_of

# A run that begins later than this is one that was missed.
PUNCTUAL = timedelta(minutes=15)


@dataclass(frozen=True)
class Look:
    """`watermark` and `next_at` belong into the schedule's row, in the transaction of the run."""

    watermark: datetime
    next_at: datetime | None
    due: datetime | None = None
    late: bool = False
    clock_went_back: bool = False


def look_at(timing: Timing, *, watermark: datetime, now: datetime) -> Look:
    """Of all times missed only the newest is run: a second dump of the same rows helps nobody."""
    if watermark > now + CORRECTION:
        return Look(now, _start_after(timing, now), clock_went_back=True)
    due = _newest_begun(timing, watermark, now)
    if due is None:
        return Look(watermark, _start_after(timing, watermark))
    start = start_of(timing, due)
    late = now >= start + PUNCTUAL
    if late and timing.window is not None and not timing.window.holds(now, timing.zone_info):
        return Look(watermark, timing.window.next_opening(now, timing.zone_info))
    return Look(due, _start_after(timing, due), due=due, late=late)


def is_run_already(*, late: bool, named: bool, counted: bool) -> bool:
    """Whether a due time has had its run: `named` by a row, or by one that counts.

    A clock that comes back from behind finds as missed what was run before it went; one that
    has come to a future once dealt with by mistake finds it in time, and runs it.
    """
    return named if late else counted


def next_starts(timing: Timing, *, after: datetime, count: int) -> list[datetime]:
    """The next runs, as people are shown them."""
    found = []
    for due in due_times(timing, after=after):
        found.append(start_of(timing, due))
        if len(found) == count:
            break
    return found


def _newest_begun(timing: Timing, watermark: datetime, now: datetime) -> datetime | None:
    due = newest_due(timing, after=watermark, until=now)
    if due is None or start_of(timing, due) <= now:
        return due
    # Its turn is still to come; starts keep their order, so the one before has begun.
    return newest_due(timing, after=watermark, until=due - timedelta(seconds=1))


def _start_after(timing: Timing, moment: datetime) -> datetime | None:
    due = next_due(timing, after=moment)
    return None if due is None else start_of(timing, due)
