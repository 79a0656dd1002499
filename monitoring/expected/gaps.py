"""When nobody watched: the scanner's heartbeat was silent, and pings had nobody to come to.

What was due then is not known to be missing. Each gap is a row, written in the transaction of
the beat that ends it.
"""

from datetime import datetime, timedelta

from django.db import transaction

from faults import reach
from monitoring.expected.models import WatchGap
from monitoring.expected.plans import Gap
from monitoring.heartbeats.models import Heartbeat
from monitoring.heartbeats.services import beat
from monitoring.times.clock import database_now

NAME = "scanner"
# A restart takes less, and a report that failed meanwhile is sent again.
SILENT_AFTER = timedelta(minutes=3)
KEPT = timedelta(days=120)


@transaction.atomic
def note_watch() -> None:
    """Somebody watches now; the time since the last beat was a gap when it is too long ago."""
    last = Heartbeat.objects.select_for_update().filter(name=NAME).first()
    now = database_now()
    if last is not None and now - last.at > SILENT_AFTER:
        WatchGap.objects.create(began_at=last.at, ended_at=now)
        WatchGap.objects.filter(ended_at__lt=now - KEPT).delete()
        reach("expected.gap-noted")
    beat(name=NAME)


def gaps_after(moment: datetime) -> tuple[Gap, ...]:
    """The gaps that end after the moment, in order."""
    rows = WatchGap.objects.filter(ended_at__gt=moment).order_by("began_at")
    return tuple(Gap(began, ended) for began, ended in rows.values_list("began_at", "ended_at"))
