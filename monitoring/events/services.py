"""Writing events: in the transaction of the change, with a wake-up when it commits."""

import uuid
from collections.abc import Sequence
from datetime import timedelta

from django.db import transaction
from django.db.models.functions import Now

from access.models import Company
from monitoring.events.models import Event
from monitoring.events.wakeups import wake

KEPT = timedelta(days=1)
BATCH = 2000


def record_event(*, company: Company, topic: str, subject: uuid.UUID, state: str) -> None:
    """Call it in the transaction that changes the state."""
    Event.objects.create(company=company, topic=topic, subject=subject, state=state)
    wake_on_commit(subject)


def record_events(events: Sequence[Event]) -> None:
    """The same for many at once."""
    Event.objects.bulk_create(events)
    for event in events:
        wake_on_commit(event.subject)


def wake_on_commit(subject: uuid.UUID) -> None:
    """Progress has no event: who looks is told to read the row again."""
    transaction.on_commit(lambda: wake(subject), robust=True)


def prune_events() -> int:
    """Remove the events of more than a day ago, by the database's clock; how many they were.

    In batches, the oldest first, so that a round with nothing to do looks at one page of them.
    """
    removed = 0
    while True:
        first = Event.objects.order_by("xid", "id").values("pk")[:BATCH]
        gone, _each = Event.objects.filter(pk__in=first, at__lt=Now() - KEPT).delete()
        removed += gone
        if gone < BATCH:
            return removed
