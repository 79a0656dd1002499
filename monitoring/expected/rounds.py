"""Rounds of work that is too long for the tick: asked for once a minute, one at work at a time."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta

from django.db import connection
from django.db.models.functions import Now
from django_q.tasks import async_task

from monitoring.heartbeats.models import Heartbeat
from monitoring.heartbeats.services import beat

EVERY = timedelta(minutes=1)
QUEUE = "long"


def ask_for_round(*, name: str, task: str, is_needed: Callable[[], bool] = lambda: True) -> bool:
    """Wake a worker for the task, unless one was woken within the minute; whether it was."""
    if Heartbeat.objects.filter(name=name, at__gt=Now() - EVERY).exists() or not is_needed():
        return False
    beat(name=name)
    async_task(task, cluster=QUEUE, save=False)
    return True


@contextmanager
def only_round(lock: int) -> Iterator[bool]:
    """Whether no other round holds the lock; until the block ends, it is ours."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s)", [lock])
        [(alone,)] = cursor.fetchall()
    try:
        yield alone
    finally:
        if alone:
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_advisory_unlock(%s)", [lock])
