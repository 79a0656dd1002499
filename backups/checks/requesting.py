"""Asking for checks: by people, and by a database's rule after its backups."""

from datetime import timedelta
from typing import Any

from django.db import transaction
from django.db.models.functions import Now
from django.utils.translation import gettext as _

from access import audit
from access.models import User
from access.policy import Actor, System, require
from backups import keyring
from backups.checks.queueing import ACTIVE, end_rechecks, enqueue
from backups.errors import AlreadyRunning, BadOption, KeyMissing, NotReady
from backups.models import Backup, Check, LevelResult
from monitoring.files.endings import cancel_file
from monitoring.files.services import open_file
from monitoring.files.stages import READING, Kind, Origin

Level = LevelResult.Level


@transaction.atomic
def request_check(*, backup: Backup, actor: Actor, level: str = Level.CONTENT) -> Check:
    """Queue a check. Raises NotAllowed, BadOption, NotReady, KeyMissing or AlreadyRunning.

    A server that holds public keys only checks by checksum where `content` is asked for.
    """
    require(actor, "backups.check_backup", backup.company)
    if level not in Level.values:
        raise BadOption("level", _("level is checksum, content or restore."))
    locked: Backup = Backup.objects.select_for_update().get(pk=backup.pk)
    if locked.status != Backup.Status.COMPLETED:
        raise NotReady(_("Only a completed backup can be checked."))
    end_rechecks(backup=locked)
    if locked.checks.filter(status__in=ACTIVE, stored=None).exists():
        raise AlreadyRunning(_("A check of this backup waits or runs already."))
    if level == Level.RESTORE:
        refuse_impossible_drill(locked)
    elif not keyring.can_read():
        level = Level.CHECKSUM
    person = actor if isinstance(actor, User) else None
    file = open_file(
        kind=Kind.DRILL,
        only=None if level == Level.RESTORE else READING,
        company=locked.company,
        name=locked.file_name,
        original_path=locked.stored_objects.values_list("key", flat=True).first() or "",
        origin=Origin.STORED,
        created_by=person,
    )
    check = Check.objects.create(
        company=locked.company, backup=locked, file=file, level=level, created_by=person
    )
    audit.record(
        actor=actor,
        action="check.requested",
        thing=check,
        company=locked.company,
        changes={"level": level},
    )
    enqueue(check)
    return check


def cancel_check(*, check: Check, actor: Actor) -> None:
    """End it; nothing is known anew. Raises NotAllowed, or NotReady when it is over already."""
    require(actor, "backups.cancel_backup", check.company)
    with transaction.atomic():
        audit.record(actor=actor, action="check.cancel_asked", thing=check, company=check.company)
        if check.file is None or not cancel_file(file=check.file, by=actor.get_username()):
            raise NotReady(_("This check is over already."))


def request_due_drill(*, backup: Backup) -> None:
    """Queue a drill of a backup that was completed just now, when its database's rule says so."""
    backup.refresh_from_db(fields=["manifest", "status", "validation"])
    if backup.validation != Backup.Validation.GOOD or not is_due(backup):
        return
    # With public keys only it was done within the run (see `at_once`), or never will be.
    if keyring.can_read():
        request_check(backup=backup, actor=System("rule"), level=Level.RESTORE)


def is_due(backup: Backup, *, manifest: dict[str, Any] | None = None) -> bool:
    """Whether this backup is to be drilled by its database's rule.

    One of a part is never: it may not restore without the rest, and proves nothing of the whole.
    """
    if backup.is_part or not has_fingerprint(manifest or backup.manifest):
        return False
    database = backup.database
    past = Check.objects.filter(backup__database=database, level=Level.RESTORE)
    last = past.exclude(status=Backup.Status.CANCELLED).order_by("-created_at").first()
    if last is None:
        return bool(database.drill_every or database.drill_days)
    if database.drill_every:
        completed = Backup.objects.filter(database=database, status=Backup.Status.COMPLETED)
        since = completed.filter(created_at__gt=last.backup.created_at).exclude(pk=backup.pk)
        if since.count() + 1 >= database.drill_every:
            return True
    if not database.drill_days:
        return False
    old = Now() - timedelta(days=database.drill_days)
    return past.filter(pk=last.pk, created_at__lt=old).exists()


def has_fingerprint(manifest: dict[str, Any] | None) -> bool:
    contents = (manifest or {}).get("contents") or {}
    return bool(contents.get("fingerprint"))


def refuse_impossible_drill(backup: Backup) -> None:
    """Raises KeyMissing or NotReady when this backup cannot be drilled here."""
    if not keyring.can_read():
        raise KeyMissing(
            _("This server holds public keys only: it checks by checksum, and cannot drill.")
        )
    if not has_fingerprint(backup.manifest):
        raise NotReady(_("This backup was made without fingerprints; nothing to compare with."))
    if backup.options.get("data_only"):
        raise NotReady(_("It holds rows without their tables: it cannot be restored on its own."))
