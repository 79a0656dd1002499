"""The watchers watch each other: the tick looks at the queues, and who stands beside a queue at
the tick. Each is told as silent when its last beat is too old.

Who looks must have been there as long itself: after an outage every beat is old.
"""

import time
from datetime import timedelta

from django.utils.translation import gettext as _

from look.units import duration
from monitoring.alerts.models import Alert
from monitoring.alerts.services import Fact, settle
from monitoring.heartbeats.services import ages
from monitoring.queue.selectors import QUEUES

TICK = "tick"
# A canary goes each half minute; a cluster that hangs is started anew within some.
QUEUE_SILENT_AFTER = timedelta(minutes=5)
TICK_SILENT_AFTER = timedelta(minutes=3)

_began = time.monotonic()


def alert_silent_queues() -> None:
    """By the tick. A queue that never beat has not been started yet."""
    if _is_new(QUEUE_SILENT_AFTER):
        return
    beats = ages()
    facts = []
    for queue in QUEUES:
        last = beats.get(f"queue-{queue}")
        if last is not None and last > QUEUE_SILENT_AFTER:
            subject = _("Nobody works on the queue %(name)s") % {"name": queue}
            text = _("No task came through it for %s. See the folder logs.")
            facts.append(_silent("queue.silent", queue, subject, text, QUEUE_SILENT_AFTER))
    settle(rule="queue.silent", facts=facts)


def alert_silent_tick() -> None:
    """By who watches a queue: the tick cannot tell that it is dead."""
    if _is_new(TICK_SILENT_AFTER):
        return
    last = ages().get(TICK)
    facts = []
    if last is not None and last > TICK_SILENT_AFTER:
        subject = _("The watcher is silent: nothing is started or watched")
        text = _("The tick has not gone round for %s. Restart Holdfast; see the folder logs.")
        facts.append(_silent("watcher.silent", TICK, subject, text, TICK_SILENT_AFTER))
    settle(rule="watcher.silent", facts=facts)


def _is_new(limit: timedelta) -> bool:
    """Whether this process is younger than what it would find fault with."""
    return time.monotonic() - _began < limit.total_seconds()


def _silent(rule: str, name: str, subject: str, text: str, limit: timedelta) -> Fact:
    return Fact(
        key=f"{rule}:{name}",
        company=None,
        severity=Alert.Severity.CRITICAL,
        subject=subject,
        text=text % (_("more than %s") % duration(limit)),
    )
