"""Which copy runs next: one at a time in the whole installation, so that backups find a worker."""

import uuid

from django.db import connection, transaction
from django.db.models import QuerySet
from django_q.tasks import async_task

from backups.models import Backup, Copy
from backups.queueing import QUEUE, claim_with_file
from monitoring.files.claims import Claim
from monitoring.files.models import TrackedFile
from monitoring.files.supervision import supervise
from monitoring.queue.selectors import tasks_wait

ACTIVE = (Backup.Status.PENDING, Backup.Status.RUNNING)
MOST_AT_ONCE = 1
LOCK = 0x636F7079  # one claim of a copy at a time


def enqueue(copy: Copy) -> None:
    async_task("backups.tasks.run_copy", str(copy.pk), cluster=QUEUE, group="copy")


def run_copy(*, copy_id: uuid.UUID) -> None:
    """What a worker does when it is woken: claim the copy and see it through, or leave it."""
    claim = claim_copy(copy_id=copy_id)
    if claim is not None:
        supervise(claim)


@transaction.atomic
def claim_copy(*, copy_id: uuid.UUID) -> Claim | None:
    """Take a waiting copy, unless another one runs or a backup waits: then the tick wakes it."""
    copy = Copy.objects.filter(pk=copy_id, status=Backup.Status.PENDING).first()
    if copy is None or copy.file_id is None:
        return None
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [LOCK])
    if _must_wait():
        return None
    return claim_with_file(Copy.objects.filter(pk=copy.pk), file_id=copy.file_id)


def wake_waiting_copies() -> int:
    """Wake the oldest copy that waits, when it could run now. By the tick, and after each."""
    waiting = Copy.objects.filter(
        status=Backup.Status.PENDING, file__status=TrackedFile.Status.QUEUED
    )
    oldest = waiting.order_by("created_at").first()
    if oldest is None or tasks_wait(QUEUE) or _must_wait():
        return 0
    enqueue(oldest)
    return 1


def running_copies() -> QuerySet[Copy]:
    return Copy.objects.filter(status=Backup.Status.RUNNING)


def _must_wait() -> bool:
    busy = Backup.objects.filter(status=Backup.Status.RUNNING).values("database_id")
    waiting = Backup.objects.filter(status=Backup.Status.PENDING).exclude(database_id__in=busy)
    return running_copies().count() >= MOST_AT_ONCE or waiting.exists()
