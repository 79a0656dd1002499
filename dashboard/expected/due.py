"""The next due times of a job, as its own zone shows them."""

from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from zoneinfo import ZoneInfo

from django.utils import formats

from look.units import duration
from monitoring.expected.models import ExpectedBackupJob
from monitoring.expected.plans import times_after
from monitoring.expected.timings import plan_of

SHOWN = 5


@dataclass(frozen=True)
class Due:
    at: datetime
    words: str
    until: str


def next_due_times(job: ExpectedBackupJob, *, now: datetime) -> list[Due]:
    """Of times that were checked (`check_times`)."""
    plan = plan_of(job)
    zone = ZoneInfo(plan.zone)
    return [_due(at, zone, now) for at in islice(times_after(plan, now), SHOWN)]


def _due(at: datetime, zone: ZoneInfo, now: datetime) -> Due:
    local = at.astimezone(zone)
    words = f"{formats.date_format(local, 'D j N Y, H:i')} {local.tzname()}"
    return Due(at, words, duration(max(at - now, at - at)))
