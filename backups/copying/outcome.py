"""How a copy ends in its rows; a bad end that may pass by itself is tried again."""

from datetime import timedelta
from typing import Any

from django.db import transaction
from django.db.models.functions import Now
from django.urls import reverse
from django.utils.translation import gettext as _

from access import audit
from access.policy import System
from access.redaction import redact
from backups.copies import write_levels
from backups.copying.queueing import wake_waiting_copies
from backups.models import Backup, Copy, LevelResult
from backups.validation import Finding
from faults import reach
from monitoring.alerts.services import open_alert, resolve_alert
from monitoring.files.claims import Claim
from monitoring.files.courses import CANCELLED, Failure
from monitoring.files.endings import finish_file
from monitoring.files.journal import Journal
from monitoring.files.services import enter_stage
from storage.models import StoredObject
from storage.services import Written, register_object

RETRIED = ("storage_unavailable", "disk_full", "worker_lost", "timeout")
FIRST_PAUSE = timedelta(minutes=5)
LONGEST_PAUSE = timedelta(hours=6)
# With the pauses between them about a fortnight.
MOST_TRIES = 60
TOLD_AFTER = 3


def write_success(
    *, copy: Copy, claim: Claim, journal: Journal, key: str, written: Written
) -> StoredObject:
    """The good end: the file's, the copy's and the backup's rows in one transaction."""
    with transaction.atomic():
        enter_stage(claim=claim, key="finalize", journal=journal)
        stored = register_object(target=copy.target, key=key, written=written)
        StoredObject.objects.filter(pk=stored.pk).update(checked_at=Now())
        copy.backup.stored_objects.add(stored)
        passed = Finding(LevelResult.Level.CHECKSUM, True)
        write_levels(backup=copy.backup, stored=stored, findings=[passed])
        Copy.objects.filter(pk=copy.pk).update(
            status=Backup.Status.COMPLETED, completed_at=Now(), stored=stored
        )
        _audit(copy, "copy.completed", sha256=stored.sha256)
        resolve_alert(key=_key(copy))
        finish_file(claim=claim)
        wake_waiting_copies()
        reach("copying.before-commit")
    return stored


def write_failure(*, copy: Copy, failure: Failure) -> None:
    """The bad end, in the transaction of its file's."""
    was_cancelled = failure.code == CANCELLED
    is_tried_again = failure.code in RETRIED and copy.tries < MOST_TRIES
    Copy.objects.filter(pk=copy.pk).update(
        status=Backup.Status.CANCELLED if was_cancelled else Backup.Status.FAILED,
        completed_at=Now(),
        retry_at=Now() + pause_after(copy.tries) if is_tried_again else None,
        error_code=failure.code,
        error=redact(failure.message),
    )
    _audit(copy, "copy.cancelled" if was_cancelled else "copy.failed", code=failure.code)
    if not was_cancelled and (copy.tries == TOLD_AFTER or not is_tried_again):
        _tell(copy, failure)
    wake_waiting_copies()


def pause_after(tries: int) -> timedelta:
    """Doubled with each try."""
    return min(LONGEST_PAUSE, FIRST_PAUSE * (1 << min(tries - 1, 10)))


def _tell(copy: Copy, failure: Failure) -> None:
    words = {"name": copy.backup.database.name, "storage": copy.target.name}
    open_alert(
        key=_key(copy),
        company=copy.company,
        subject=_("A backup of %(name)s could not be copied to %(storage)s") % words,
        text=failure.message,
        url=reverse("backups:detail", args=[copy.backup_id]),
        thing=copy.backup.database,
        occurrence=str(copy.pk),
    )


def _key(copy: Copy) -> str:
    """Of the database and the place: the next backup that arrives there ends it."""
    return f"copy.failed:{copy.backup.database_id}:{copy.target_id}"


def _audit(copy: Copy, action: str, **changes: Any) -> None:
    audit.record(
        actor=System("worker"),
        action=action,
        thing=copy,
        company=copy.company,
        changes={"backup": str(copy.backup_id), "storage": copy.target.name, **changes},
    )
