"""Asking for copies: by people, and by the rule of a backup's database."""

from collections.abc import Sequence

from django.db import transaction
from django.utils.translation import gettext as _

from access import audit
from access.models import User
from access.policy import Actor, System, require
from backups.copies import whole_copies
from backups.copying.queueing import ACTIVE, enqueue
from backups.errors import AlreadyRunning, NotFound, NotReady
from backups.models import Backup, Copy
from backups.services import refuse_full
from monitoring.files.endings import cancel_file
from monitoring.files.services import open_file
from monitoring.files.stages import Kind, Origin
from storage.models import StorageTarget

RULE = System("rule")


@transaction.atomic
def request_copy(*, backup: Backup, target: StorageTarget, actor: Actor) -> Copy:
    """Queue a copy of a completed backup to the target.

    Raises NotAllowed, NotFound, NotReady, AlreadyRunning, DiskFull or StorageUnavailable.
    """
    require(actor, "backups.copy_backup", backup.company)
    if target.company_id != backup.company_id:
        raise NotFound(_("There is no such storage."))
    locked: Backup | None = Backup.objects.select_for_update().filter(pk=backup.pk).first()
    if locked is None:
        raise NotFound(_("There is no such backup."))
    if locked.status != Backup.Status.COMPLETED or not locked.manifest:
        raise NotReady(_("Only a completed backup that has a manifest can be copied."))
    whole = whole_copies(locked)
    if whole.filter(target=target).exists():
        raise NotReady(_("A whole copy of this backup lies there already."))
    if not whole.exists():
        raise NotReady(_("No copy of this backup is whole: there is nothing to copy."))
    if locked.copy_runs.filter(target=target, status__in=ACTIVE).exists():
        raise AlreadyRunning(_("This copy waits or runs already."))
    refuse_full(target)
    # What was to be tried again is this one now.
    locked.copy_runs.filter(target=target).update(retry_at=None)
    return open_copy(backup=locked, target=target, actor=actor)


def open_copy(
    *,
    backup: Backup,
    target: StorageTarget,
    actor: Actor,
    tries: int = 1,
    created_by: User | None = None,
) -> Copy:
    """Its rows, audit and place in the queue, in the caller's transaction."""
    person = actor if isinstance(actor, User) else created_by
    file = open_file(
        kind=Kind.COPY,
        company=backup.company,
        name=backup.file_name,
        original_path=backup.stored_objects.values_list("key", flat=True).first() or "",
        origin=Origin.STORED,
        created_by=person,
    )
    copy = Copy.objects.create(
        company=backup.company,
        backup=backup,
        target=target,
        file=file,
        tries=tries,
        created_by=person,
    )
    audit.record(
        actor=actor,
        action="copy.requested",
        thing=copy,
        company=backup.company,
        changes={"backup": str(backup.pk), "storage": target.name, "tries": tries},
    )
    enqueue(copy)
    return copy


def request_due_copies(*, backup: Backup) -> None:
    """Queue what its database's rule asks for, in the transaction that registers the backup."""
    for target in missing_targets(backup):
        open_copy(backup=backup, target=target, actor=RULE)


def missing_targets(backup: Backup) -> Sequence[StorageTarget]:
    """Where its database's rule wants a copy, and no whole one lies or is on its way."""
    wanted = backup.database.copy_storages.order_by("name")
    return [target for target in wanted if not is_at_work_or_whole(backup, target)]


def is_at_work_or_whole(backup: Backup, target: StorageTarget) -> bool:
    runs = backup.copy_runs.filter(target=target, status__in=ACTIVE)
    return whole_copies(backup).filter(target=target).exists() or runs.exists()


def cancel_copy(*, copy: Copy, actor: Actor) -> None:
    """End it. Raises NotAllowed, or NotReady when it is over already."""
    require(actor, "backups.cancel_backup", copy.company)
    with transaction.atomic():
        audit.record(actor=actor, action="copy.cancel_asked", thing=copy, company=copy.company)
        if copy.file is None or not cancel_file(file=copy.file, by=actor.get_username()):
            raise NotReady(_("This copy is over already."))
