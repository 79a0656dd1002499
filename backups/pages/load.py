"""When the schedules of a week begin, by hour: where one more would find room."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice
from zoneinfo import ZoneInfo

from django.utils import formats
from django.utils.translation import gettext as _

from backups.models import BackupSchedule
from backups.scheduling.timings import timing_of
from monitoring.times.due import due_times

WEEK = timedelta(days=7)
# Hourly ones and rarer are counted through the week; of others a day stands for each of it.
MOST_TIMES = 200
TONES = 4


@dataclass(frozen=True)
class Hour:
    count: int
    tone: int
    title: str


@dataclass(frozen=True)
class Day:
    name: str
    hours: list[Hour]


def load_of_the_week(
    schedules: Iterable[BackupSchedule], *, now: datetime, zone: ZoneInfo
) -> list[Day]:
    """Seven days of 24 hours, from Monday, in the zone; of those that are not paused."""
    begins: Counter[tuple[int, int]] = Counter()
    for schedule in schedules:
        if schedule.enabled:
            begins.update(_hours(schedule, now, zone))
    most = max(begins.values(), default=0)
    names = [str(formats.date_format(_monday() + timedelta(days=n), "D")) for n in range(7)]
    return [
        Day(names[day], [_hour(names[day], hour, begins[day, hour], most) for hour in range(24)])
        for day in range(7)
    ]


def _hour(day: str, hour: int, count: int, most: int) -> Hour:
    tone = -(-count * TONES // most) if most else 0
    words = _("%(day)s %(hour)02d:00: %(count)d")
    return Hour(count, tone, words % {"day": day, "hour": hour, "count": count})


def _hours(schedule: BackupSchedule, now: datetime, zone: ZoneInfo) -> Counter[tuple[int, int]]:
    timing = timing_of(schedule)
    try:
        times = list(islice(due_times(timing, after=now), MOST_TIMES))
        if times and len(times) == MOST_TIMES and times[-1] < now + WEEK:
            day = _within(due_times(timing, after=now), now + timedelta(days=1))
            local = [moment.astimezone(zone).hour for moment in day]
            return Counter({(d, h): n for h, n in Counter(local).items() for d in range(7)})
    except (ValueError, KeyError):
        # A schedule whose zone is gone is said on its own row.
        return Counter()
    week = [moment.astimezone(zone) for moment in times if moment < now + WEEK]
    return Counter((moment.weekday(), moment.hour) for moment in week)


def _within(times: Iterable[datetime], end: datetime) -> Iterable[datetime]:
    for moment in times:
        if moment >= end:
            return
        yield moment


def _monday() -> datetime:
    return datetime.fromisoformat("2024-01-01")
