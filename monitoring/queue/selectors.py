"""What stands in the queues, by the database's clock."""

from datetime import timedelta
from typing import Any

from django.conf import settings
from django.db.models import DurationField, ExpressionWrapper, Min
from django.db.models.functions import Now
from django_q.models import OrmQ

from monitoring.queue.broker import address

QUEUES = ("short", "long")
# What django-q grants a task besides its time-out, and a look at it takes.
TIMEOUT_GRACE = 10


def settings_of(queue: str) -> dict[str, Any]:
    """django-q's settings as the clusters of this queue have them."""
    ours: dict[str, Any] = settings.Q_CLUSTER
    return {**ours, **ours["ALT_CLUSTERS"].get(queue, {})}


def lags() -> dict[str, timedelta]:
    """For each queue, how long its oldest task has been waiting to be taken; zero without any."""
    oldest = ExpressionWrapper(Now() - Min("lock"), output_field=DurationField())
    waiting = OrmQ.objects.filter(key__in=QUEUES, lock__lte=Now())
    found = dict(waiting.values("key").annotate(lag=oldest).values_list("key", "lag"))
    return {queue: found.get(queue, timedelta()) for queue in QUEUES}


def tasks_wait(queue: str) -> bool:
    """Whether there is a task that no worker has taken."""
    return bool(OrmQ.objects.filter(key=queue, lock__lte=Now()).exists())


def tasks_at_work(queue: str) -> int:
    """Tasks that were taken and not acknowledged, and whose time is not over."""
    about = settings_of(queue)
    spent = timedelta(seconds=about["retry"] - about["timeout"] - TIMEOUT_GRACE)
    return int(OrmQ.objects.filter(key=queue, lock__gt=Now() + spent).count())


def canary_is_under_way(*, queue: str, cluster: str) -> bool:
    """Whether a canary of this cluster was sent and has not been acknowledged."""
    return bool(OrmQ.objects.filter(key=address(queue=queue, cluster=cluster)).exists())
