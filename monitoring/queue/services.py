"""Verbs on the queue as a whole: forget what nobody will acknowledge any more."""

from datetime import timedelta

from django.db.models import Q
from django.db.models.functions import Now
from django_q.models import OrmQ

from monitoring.queue.broker import address
from monitoring.queue.selectors import QUEUES, settings_of

LOST_AFTER = timedelta(days=1)
UNCLAIMED_AFTER = timedelta(hours=1)


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
