"""What the state of one copy means to its backup: which copy to read, and what is left without it.

The bytes of all copies are the same; while one is whole, so is the backup.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from django.db import transaction
from django.db.models import QuerySet
from django.db.models.functions import Now

from access import audit
from access.policy import System
from backups.errors import BackupError, Corrupt, Missing
from backups.models import Backup, Check, LevelResult
from backups.validation import Finding
from storage.models import StoredObject
from storage.services import mark_checked

Level = LevelResult.Level
Validation = Backup.Validation
State = StoredObject.State
LOST = (Validation.CORRUPT, Validation.MISSING)


@dataclass(frozen=True)
class Lost:
    """A copy that cannot be had or is not what was written: `error` is Missing or Corrupt."""

    stored: StoredObject
    error: BackupError
    findings: Sequence[Finding] = field(default_factory=list)


@dataclass(frozen=True)
class Standing:
    validation: str
    level: str
    detail: str
    checked_at: datetime | None


def copies_to_read(backup: Backup) -> list[StoredObject]:
    """Its copies, those first that were whole when they were last looked at; of them the oldest."""
    rows = backup.stored_objects.select_related("target").exclude(state=State.DELETED)
    return sorted(rows, key=lambda one: (one.state != State.STORED, one.stored_at))


def whole_copies(backup: Backup) -> QuerySet[StoredObject]:
    return backup.stored_objects.filter(state=State.STORED)


@transaction.atomic
def lose_copy(*, backup: Backup, lost: Lost) -> None:
    """Record that a copy is lost; its backup is, too, when no other copy is whole.

    People hear of it by `backups.alerting.alert_missing_copies`.
    """
    stored, error = lost.stored, lost.error
    rows = StoredObject.objects.filter(pk=stored.pk)
    is_news = rows.filter(state=State.STORED).exists()
    mark_checked(stored=stored, state=error.code)
    findings = lost.findings or [Finding(Level.CHECKSUM, False, str(error))]
    write_levels(backup=backup, stored=stored, findings=findings)
    if not whole_copies(backup).exists():
        Backup.objects.filter(pk=backup.pk).update(
            validation=error.code,
            validation_level=Level.CHECKSUM,
            validation_detail=str(error),
            checked_at=Now(),
        )
    if is_news:
        changes = {"key": stored.key, "state": error.code, "found": str(error)}
        audit.record(
            actor=System("worker"),
            action="copy.lost",
            thing=backup,
            company=backup.company,
            changes=changes,
        )


@transaction.atomic
def find_copy(*, backup: Backup, stored: StoredObject) -> None:
    """Record that a copy is what was written. A backup that was lost for its copies is back."""
    mark_checked(stored=stored, state=State.STORED)
    rows = Backup.objects.filter(pk=backup.pk, validation__in=LOST)
    lost = rows.filter(validation_level=Level.CHECKSUM).first()
    if lost is not None:
        write_standing(standing_of_whole(lost), backup=lost)


def is_lost(error: BackupError) -> bool:
    """Whether it says that a copy is lost; else it only could not be had just now."""
    return isinstance(error, Missing | Corrupt)


def standing_of_whole(backup: Backup) -> Standing:
    """What is known of its bytes, when they are those that were written: a reading that passed
    takes no proof away, and gives none."""
    proof = _last_drill(backup)
    if proof is not None:
        return Standing(proof.outcome, Level.RESTORE, proof.detail, proof.completed_at)
    read = backup.level_results.filter(level=Level.CONTENT, passed=True).exists()
    found = Validation.GOOD if read else Validation.UNCHECKED
    return Standing(found, Level.CHECKSUM, "", None)


def write_standing(standing: Standing, *, backup: Backup) -> None:
    Backup.objects.filter(pk=backup.pk).update(
        validation=standing.validation,
        validation_level=standing.level,
        validation_detail=standing.detail,
        checked_at=standing.checked_at or Now(),
    )


def write_levels(*, backup: Backup, stored: StoredObject, findings: Sequence[Finding]) -> None:
    LevelResult.objects.bulk_create(
        LevelResult(
            backup=backup,
            stored=stored,
            level=finding.level,
            passed=finding.passed,
            detail=finding.detail,
        )
        for finding in findings
    )


def _last_drill(backup: Backup) -> Check | None:
    drills = Check.objects.filter(
        backup=backup, level=Level.RESTORE, status=Backup.Status.COMPLETED, sha256=backup.sha256
    )
    return drills.exclude(sha256="").order_by("-completed_at").first()
