"""Canaries: a small task through each queue cluster, end to end, whose arrival is its beat.

A cluster can look ready and run nothing; only a task that came through tells. The queue is
busy, not dead, while all of its workers hold claims on files: who judges must look at both.
"""

from datetime import timedelta

from django.db import transaction
from django_q.tasks import async_task

from monitoring.heartbeats.services import ages, beat

QUEUES = ("short", "long")
EVERY = timedelta(seconds=30)
# A canary that did not come back is written off then, and another one is sent.
LOST_AFTER = timedelta(minutes=10)


def send_canaries() -> None:
    """Send one to each cluster that has none under way. Called by the tick."""
    known = ages()
    for queue in QUEUES:
        sent, seen = known.get(f"canary-{queue}"), known.get(f"queue-{queue}")
        under_way = sent is not None and (seen is None or seen > sent)
        if sent is not None and sent < (LOST_AFTER if under_way else EVERY):
            continue
        with transaction.atomic():
            beat(name=f"canary-{queue}")
            async_task("monitoring.heartbeats.canaries.arrive", queue, cluster=queue)


def arrive(queue: str) -> None:
    """What the worker does with a canary."""
    beat(name=f"queue-{queue}")
