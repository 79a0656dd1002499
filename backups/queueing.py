"""Who runs next: one backup of a database at a time, and no wake-up lost for long."""

import uuid
from collections.abc import Iterable
from typing import Any

from django.db import transaction
from django.db.models import QuerySet
from django.db.models.functions import Now
from django_q.models import OrmQ
from django_q.tasks import async_task

from backups.models import Backup, Database
from monitoring.files import claims
from monitoring.files.claims import Claim
from monitoring.files.models import TrackedFile
from monitoring.files.supervision import supervise
from monitoring.queue.selectors import tasks_wait

QUEUE = "long"


def enqueue(backup: Backup) -> None:
    """Wake a worker. The task only names the row; a second one for it does nothing."""
    async_task("backups.tasks.run_backup", str(backup.pk), cluster=QUEUE, group="backup")


def enqueue_all(backups: Iterable[Backup]) -> None:
    """Wake a worker for each, in this order, in one statement."""
    gathered = _Gathered()
    for backup in backups:
        async_task(
            "backups.tasks.run_backup",
            str(backup.pk),
            group="backup",
            cluster=QUEUE,
            broker=gathered,
        )
    rows = OrmQ.objects
    rows.bulk_create(OrmQ(key=QUEUE, payload=task, lock=Now()) for task in gathered.tasks)


class _Gathered:
    """A broker that keeps what it is given."""

    list_key = QUEUE

    def __init__(self) -> None:
        self.tasks: list[str] = []

    def enqueue(self, task: str) -> int:
        self.tasks.append(task)
        return len(self.tasks)


def run_backup(*, backup_id: uuid.UUID) -> None:
    """What a worker does when it is woken: claim the backup and see it through.

    Does nothing when the backup is claimed already, or when another one of its database runs;
    that one's end wakes this one.
    """
    claim = claim_backup(backup_id=backup_id)
    if claim is not None:
        supervise(claim)


@transaction.atomic
def claim_backup(*, backup_id: uuid.UUID) -> Claim | None:
    """Take a waiting backup, with its file, or None."""
    backup = Backup.objects.filter(pk=backup_id, status=Backup.Status.PENDING).first()
    if backup is None or backup.file_id is None:
        return None
    # One claim at a time for a database: two of them must not both find it idle.
    Database.objects.select_for_update().get(pk=backup.database_id)
    running = Backup.objects.filter(database_id=backup.database_id, status=Backup.Status.RUNNING)
    if running.exists():
        return None
    return claim_with_file(Backup.objects.filter(pk=backup.pk), file_id=backup.file_id)


def claim_with_file(row: QuerySet[Any], *, file_id: uuid.UUID) -> Claim | None:
    """Claim the file; what it is of runs since then, too. In the caller's transaction."""
    claim = claims.claim(file_id=file_id)
    if claim is not None:
        started = claim.rows().values("started_at")[:1]
        row.update(status=Backup.Status.RUNNING, started_at=started)
    return claim


def wake_next(*, database_id: uuid.UUID) -> None:
    waiting = Backup.objects.filter(database_id=database_id, status=Backup.Status.PENDING)
    following = waiting.order_by("created_at").first()
    if following is not None:
        enqueue(following)


def wake_forgotten_backups(*, older_than_seconds: int = 30) -> int:
    """Wake again what waits though nothing of its database runs: a wake-up may be lost.

    Not while wake-ups wait for a free worker: each round would add to them.
    """
    if tasks_wait(QUEUE):
        return 0
    busy = Backup.objects.filter(status=Backup.Status.RUNNING).values("database_id")
    waiting = (
        Backup.objects.filter(status=Backup.Status.PENDING, file__status=TrackedFile.Status.QUEUED)
        .exclude(database_id__in=busy)
        .filter(claims.older_than("created_at", older_than_seconds))
        .order_by("database_id", "created_at")
        .distinct("database_id")
    )
    found = list(waiting)
    for backup in found:
        enqueue(backup)
    return len(found)
