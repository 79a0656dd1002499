"""Which check runs next. Backups come first, and one check at a time in the whole installation."""

import uuid
from datetime import timedelta

from django.db import connection, transaction
from django.db.models import F, QuerySet
from django.db.models.functions import Now
from django.utils.translation import gettext as _
from django_q.tasks import async_task

from backups.models import Backup, Check
from backups.queueing import QUEUE, claim_with_file
from monitoring.files.claims import Claim
from monitoring.files.endings import cancel_file, give_way
from monitoring.files.models import TrackedFile
from monitoring.files.supervision import supervise
from monitoring.queue.selectors import tasks_wait

ACTIVE = (Backup.Status.PENDING, Backup.Status.RUNNING)
MOST_AT_ONCE = 1
PATIENCE = timedelta(seconds=15)
LOCK = 0x636865636B  # one claim of a check at a time


def enqueue(check: Check) -> None:
    async_task("backups.tasks.run_check", str(check.pk), cluster=QUEUE, group="check")


def run_check(*, check_id: uuid.UUID) -> None:
    """What a worker does when it is woken: claim the check and see it through, or leave it."""
    claim = claim_check(check_id=check_id)
    if claim is not None:
        supervise(claim)


@transaction.atomic
def claim_check(*, check_id: uuid.UUID) -> Claim | None:
    """Take a waiting check, unless another one runs or a backup waits: then the tick wakes it."""
    check = Check.objects.filter(pk=check_id, status=Backup.Status.PENDING).first()
    if check is None or check.file_id is None:
        return None
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [LOCK])
    if _must_wait(check):
        return None
    return claim_with_file(Check.objects.filter(pk=check.pk), file_id=check.file_id)


def wake_waiting_checks() -> int:
    """Wake the oldest check that waits, when it could run now. By the tick, and after each."""
    waiting = Check.objects.filter(
        status=Backup.Status.PENDING, file__status=TrackedFile.Status.QUEUED
    )
    # What somebody asked for comes before a re-check.
    oldest = waiting.order_by(F("stored").asc(nulls_first=True), "created_at").first()
    is_woken = tasks_wait(QUEUE)
    if oldest is None or is_woken or _must_wait(oldest):
        return 0
    enqueue(oldest)
    return 1


def make_way() -> int:
    """Where all workers are busy and a backup waits for one, the running check is given back; a
    re-check for whatever waits.

    Called by the tick. It waits then, and begins anew when nothing waits.
    """
    # A task that no worker has taken: somebody is busy with something else.
    if not tasks_wait(QUEUE):
        return 0
    running = Check.objects.filter(status=Backup.Status.RUNNING)
    rechecks = running.filter(stored__isnull=False)
    long_since = Now() - PATIENCE
    if _waiting_backups().filter(created_at__lt=long_since).exists():
        victims = rechecks or running.order_by("-started_at")
    elif _others_waiting().filter(created_at__lt=long_since).exists():
        victims = rechecks
    else:
        return 0
    return sum(give_way(file_id=check.file_id) for check in victims[:1])


def end_rechecks(*, backup: Backup) -> None:
    """For what somebody wants with this backup now. Call it in a transaction."""
    for check in backup.checks.filter(status__in=ACTIVE, stored__isnull=False):
        if check.file is not None:
            cancel_file(file=check.file, by=_("something more urgent"))


def _others_waiting() -> QuerySet[TrackedFile]:
    waiting = TrackedFile.objects.filter(status=TrackedFile.Status.QUEUED)
    return waiting.exclude(check_run__stored__isnull=False)


def _must_wait(check: Check) -> bool:
    running = Check.objects.filter(status=Backup.Status.RUNNING)
    if _waiting_backups().exists():
        return True
    if check.stored_id is None:
        return running.filter(stored=None).count() >= MOST_AT_ONCE
    waiting = Check.objects.filter(status=Backup.Status.PENDING, stored=None)
    return running.exists() or waiting.exists()


def _waiting_backups() -> QuerySet[Backup]:
    """Those that could run now: no other one of their database does."""
    busy = Backup.objects.filter(status=Backup.Status.RUNNING).values("database_id")
    return Backup.objects.filter(status=Backup.Status.PENDING).exclude(database_id__in=busy)
