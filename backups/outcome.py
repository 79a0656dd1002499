"""How a backup ends in its rows; each is called in the transaction of its file's end."""

from typing import Any

from django.db.models.functions import Now
from django.urls import reverse
from django.utils.translation import gettext as _

from access import audit
from access.policy import System
from access.redaction import redact
from backups.copies import write_levels
from backups.expected import report_failure, report_success
from backups.models import Backup, LevelResult
from backups.pipeline import Packed
from backups.scheduling.retries import plan_retry
from backups.validation import Finding
from monitoring.alerts.models import Alert
from monitoring.alerts.services import open_alert, resolve_alert
from monitoring.files.courses import CANCELLED, Failure
from storage.services import register_object


def write_success(
    *, backup: Backup, key: str, packed: Packed, manifest: dict[str, Any], findings: list[Finding]
) -> None:
    stored = register_object(target=backup.storage, key=key, written=packed.written)
    type(stored).objects.filter(pk=stored.pk).update(checked_at=Now())
    backup.stored_objects.add(stored)
    write_levels(backup=backup, stored=stored, findings=findings)
    artifact = manifest["artifact"]
    Backup.objects.filter(pk=backup.pk).update(
        status=Backup.Status.COMPLETED,
        completed_at=Now(),
        file_name=artifact["file"],
        size_bytes=artifact["size"],
        source_bytes=manifest["source_bytes"],
        sha256=artifact["sha256"],
        compression=artifact["compression"],
        server_version=manifest["server_version"],
        manifest=manifest,
        validation=Backup.Validation.GOOD,
        validation_level=LevelResult.Level.CONTENT,
        checked_at=Now(),
    )
    _audit(backup, "backup.completed")
    if not backup.is_part:
        resolve_alert(key=f"backup.failed:{backup.database_id}")
        report_success(backup=backup, size=artifact["size"], sha256=artifact["sha256"])


def write_failure(*, backup: Backup, failure: Failure) -> None:
    """The bad end, in the transaction of the file's."""
    was_cancelled = failure.code == CANCELLED
    Backup.objects.filter(pk=backup.pk).update(
        status=Backup.Status.CANCELLED if was_cancelled else Backup.Status.FAILED,
        completed_at=Now(),
        error_code=failure.code,
        error=redact(failure.message),
        error_detail=redact(failure.detail),
    )
    _audit(backup, "backup.cancelled" if was_cancelled else "backup.failed", code=failure.code)
    # Of what is tried again people hear when the last try fails.
    is_tried_again = not was_cancelled and plan_retry(backup=backup, code=failure.code)
    if not is_tried_again and not backup.is_part:
        report_failure(backup=backup, message=failure.message)
    if not was_cancelled and not is_tried_again:
        open_alert(
            key=f"backup.failed:{backup.database_id}",
            company=backup.company,
            severity=Alert.Severity.CRITICAL,
            subject=_("The backup of %(name)s failed") % {"name": backup.database.name},
            text=failure.message,
            url=reverse("backups:detail", args=[backup.pk]),
            thing=backup.database,
            occurrence=str(backup.pk),
        )


def _audit(backup: Backup, action: str, **changes: Any) -> None:
    audit.record(
        actor=System("worker"),
        action=action,
        thing=backup,
        company=backup.company,
        changes=changes,
    )
