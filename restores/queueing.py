"""A worker claims a waiting restore."""

import uuid

from django.db import transaction
from django.db.models import Q, QuerySet
from django_q.tasks import async_task

from backups.queueing import QUEUE, claim_with_file
from monitoring.files.claims import Claim
from monitoring.files.models import TrackedFile
from monitoring.files.supervision import supervise
from monitoring.queue.selectors import tasks_wait
from restores.models import Restore


def enqueue(restore: Restore) -> None:
    async_task("restores.tasks.run_restore", str(restore.pk), cluster=QUEUE, group="restore")


def run_restore(*, restore_id: uuid.UUID) -> None:
    """What a worker does when it is woken: claim the restore and see it through."""
    claim = claim_restore(restore_id=restore_id)
    if claim is not None:
        supervise(claim)


@transaction.atomic
def claim_restore(*, restore_id: uuid.UUID) -> Claim | None:
    restore = _ready().filter(pk=restore_id).first()
    if restore is None or restore.file_id is None:
        return None
    return claim_with_file(Restore.objects.filter(pk=restore.pk), file_id=restore.file_id)


def wake_forgotten_restores() -> int:
    """Wake a worker for restores that wait while no task waits for one. Called by the tick."""
    if tasks_wait(QUEUE):
        return 0
    waiting = _ready().filter(file__status=TrackedFile.Status.QUEUED)
    found = list(waiting.order_by("created_at")[:10])
    for restore in found:
        enqueue(restore)
    return len(found)


def _ready() -> QuerySet[Restore]:
    """Those that wait for nothing but a worker: a safety backup, where one is made, is good."""
    rows: QuerySet[Restore] = Restore.objects.filter(status=Restore.Status.PENDING)
    return rows.filter(Q(safety=None) | Q(safe_at__isnull=False))
