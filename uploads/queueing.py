"""A worker is woken for what waits to be stored, and sees it through."""

import uuid

from django.db import transaction
from django.db.models import Q, QuerySet
from django.db.models.functions import Now
from django_q.models import OrmQ
from django_q.tasks import async_task

from monitoring.files import claims
from monitoring.files.claims import Claim
from monitoring.files.models import TrackedFile
from monitoring.files.supervision import supervise
from uploads.models import UploadSession
from uploads.node import this_node
from uploads.states import Status

LONG, SHORT = "long", "short"
# What is larger must not hold the short work up, nor be ended by its timer.
SHORT_BYTES = 1 << 30
# A backup is unpacked to be looked at; one that took too long once goes to the long work, too.
SHORT_BACKUP_BYTES = 16 << 20


def enqueue(session: UploadSession) -> None:
    """Wake a worker. The task only names the row; a second one for it does nothing."""
    cluster = _cluster(session)
    async_task("uploads.tasks.store_upload", str(session.pk), cluster=cluster, group="upload")


def store_upload(*, session_id: uuid.UUID) -> None:
    """What a worker does when it is woken. Nothing, when the bytes lie on another machine."""
    claim = claim_upload(session_id=session_id)
    if claim is not None:
        supervise(claim)


@transaction.atomic
def claim_upload(*, session_id: uuid.UUID) -> Claim | None:
    session = _due().filter(pk=session_id).first()
    if session is None or session.file_id is None:
        return None
    return claims.claim(file_id=session.file_id)


def wake_waiting_uploads() -> int:
    """Wake workers for what is due: a wake-up may be lost, and a retry waits. By the tick."""
    due = _due().filter(file__status=TrackedFile.Status.QUEUED).order_by("created_at")
    waiting = set(OrmQ.objects.filter(lock__lte=Now()).values_list("key", flat=True).distinct())
    found = [one for one in due[:20] if _cluster(one) not in waiting]
    for session in found:
        enqueue(session)
    return len(found)


def _due() -> QuerySet[UploadSession]:
    rows: QuerySet[UploadSession] = UploadSession.objects.filter(
        Q(retry_at=None) | Q(retry_at__lte=Now()), status=Status.FINALIZING, node=this_node()
    )
    return rows


def _cluster(session: UploadSession) -> str:
    is_backup = session.kind == UploadSession.Kind.BACKUP
    if is_backup and session.retry_count:
        return LONG
    return (
        SHORT if session.file_size <= (SHORT_BACKUP_BYTES if is_backup else SHORT_BYTES) else LONG
    )
