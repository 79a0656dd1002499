"""Verbs on the queue as a whole: many tasks at once; forget what nobody will acknowledge."""

from collections.abc import Sequence
from datetime import timedelta

from django.db.models import Q
from django.db.models.functions import Now
from django_q.models import OrmQ
from django_q.tasks import async_task

from monitoring.queue.broker import DatabaseClockBroker, address
from monitoring.queue.selectors import QUEUES, settings_of

LOST_AFTER = timedelta(days=1)
UNCLAIMED_AFTER = timedelta(hours=1)


class _Gathering(DatabaseClockBroker):
    """Keeps the tasks that it is given, for one statement."""

    def __init__(self, list_key: str) -> None:
        super().__init__(list_key)
        self.tasks: list[str] = []

    def enqueue(self, task: str) -> int:
        self.tasks.append(task)
        return 0


def enqueue_each(function: str, ids: Sequence[int], *, queue: str, group: str) -> None:
    """A task for each id, in the caller's transaction: all of them by one statement."""
    if not ids:
        return
    broker = _Gathering(queue)
    for one in ids:
        async_task(function, one, broker=broker, cluster=queue, group=group)
    rows = [OrmQ(key=queue, payload=task, lock=Now()) for task in broker.tasks]
    broker.get_connection().bulk_create(rows)


def forget_lost_tasks() -> int:
    """Delete the tasks of killed workers, and the canaries of clusters that are gone.

    Called by the tick. A task only wakes a worker for a row, and the rows are looked after by
    themselves: one too many that is deleted here loses nothing.
    """
    lost = Q()
    for queue in QUEUES:
        own = Q(key__startswith=address(queue=queue, cluster=""))
        lost |= own & Q(lock__lte=Now() - UNCLAIMED_AFTER)
        retry = timedelta(seconds=settings_of(queue)["retry"])
        if retry > LOST_AFTER:
            taken = Q(lock__gt=Now(), lock__lte=Now() + (retry - LOST_AFTER))
            lost |= (own | Q(key=queue)) & taken
    return int(OrmQ.objects.filter(lost).delete()[0])
