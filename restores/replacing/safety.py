"""The backup of the target before it is touched; no worker waits for it, the tick looks."""

from collections.abc import Callable

from django.db import transaction
from django.db.models.functions import Now
from django.utils.translation import gettext as _

from access.policy import Actor
from backups.models import Backup, Database
from backups.services import request_backup
from faults import reach
from monitoring.files.courses import Failure
from monitoring.files.endings import end_badly
from monitoring.files.models import TrackedFile
from restores.models import Restore
from restores.queueing import enqueue

# Its bytes were read back to their end, at least.
SAFE = (Backup.Validation.GOOD, Backup.Validation.PARTIAL, Backup.Validation.PROVEN)
LABEL = "before-restore"


def begin_guarded(*, target: Database, actor: Actor, on_made: Callable[[Backup], None]) -> None:
    """Ask for the backup; `on_made` writes the restore in the same transaction.

    Raises what `request_backup` raises; then neither is there.
    """
    request_backup(
        database=target,
        options={"label": LABEL},
        actor=actor,
        trigger=Backup.Trigger.MANUAL,
        # A backup that runs already began before this was asked for.
        force=True,
        on_made=on_made,
    )


def wake_guarded_restores() -> int:
    """Begin or end the restores whose safety backup is over. Called by the tick."""
    waiting = Restore.objects.filter(
        status=Restore.Status.PENDING, safety__isnull=False, safe_at=None
    ).exclude(safety__status__in=(Backup.Status.PENDING, Backup.Status.RUNNING))
    count = 0
    for restore in waiting.select_related("safety", "file"):
        assert restore.safety is not None
        reach("guard.found")
        if _is_safe(restore.safety):
            count += _begin(restore)
        else:
            _give_up(restore, restore.safety)
    return count


def _is_safe(backup: Backup) -> bool:
    return (
        backup.status == Backup.Status.COMPLETED
        and backup.validation in SAFE
        and backup.deleted_at is None
    )


@transaction.atomic
def _begin(restore: Restore) -> int:
    begun = Restore.objects.filter(
        pk=restore.pk, status=Restore.Status.PENDING, safe_at=None
    ).update(safe_at=Now())
    if begun:
        enqueue(restore)
    reach("guard.before-commit")
    return begun


@transaction.atomic
def _give_up(restore: Restore, safety: Backup) -> None:
    rows = TrackedFile.objects.select_for_update(of=("self",)).select_related("company")
    file = rows.filter(restore=restore, status=TrackedFile.Status.QUEUED).first()
    if file is None:
        return
    said = safety.error or safety.validation_detail or safety.get_validation_display()
    words = _("The safety backup of %(name)s is not good (%(said)s); nothing was touched.")
    message = words % {"name": restore.target_name, "said": said}
    end_badly(file=file, failure=Failure("safety_backup_failed", message))
