"""Deleting backups: which may go, and in which order their parts do.

The row is marked, then the manifest goes, then the bytes. What a crash leaves in between the
tick finishes; the row stays as a tombstone.
"""

import time
import uuid
from collections.abc import Callable, Collection, Iterable

import structlog
from django.db import transaction
from django.db.models import Q, QuerySet
from django.db.models.functions import Now
from django.utils.translation import gettext as _

from access import audit
from access.policy import Actor, require
from backups import manifest
from backups.checks.queueing import end_rechecks
from backups.errors import (
    BackupError,
    BadOption,
    Held,
    Locked,
    NotFound,
    NotReady,
    Pinned,
    Protected,
)
from backups.models import Backup, Database
from backups.naming import sheet_key
from backups.options import NARROWING
from backups.uses import any_in_use
from faults import reach
from storage.errors import StorageError
from storage.models import StoredObject
from storage.services import delete_bytes

log = structlog.get_logger(__name__)

Status, Validation = Backup.Status, Backup.Validation
ACTIVE = (Status.PENDING, Status.RUNNING)
# What a drill could not load takes nothing from good bytes.
GOOD = (Validation.GOOD, Validation.PARTIAL, Validation.PROVEN)
PURGED_IN_A_ROUND = 200
PURGE_SECONDS = 5.0


def delete_backup(*, backup: Backup, actor: Actor, force: bool = False) -> None:
    """Delete it; `force` overrides a pin, and nothing else.

    Raises NotAllowed, NotFound, NotReady, Held, Locked, Protected or Pinned: nothing is changed.
    """
    require(actor, "backups.delete_backup", backup.company)
    with transaction.atomic():
        # One deletion at a time for a database: of two, each could take the other for the one
        # that stays.
        Database.every.select_for_update().get(pk=backup.database_id)
        locked: Backup | None = Backup.objects.select_for_update().filter(pk=backup.pk).first()
        if locked is None:
            raise NotFound(_("There is no such backup."))
        _refuse(locked, force=force)
        _mark(Backup.objects.filter(pk=locked.pk))
        audit.record(
            actor=actor,
            action="backup.deleted",
            thing=locked,
            company=locked.company,
            changes={"force": force, "pinned": locked.pinned, "sha256": locked.sha256},
        )
    reach("delete.marked")
    _purge_or_leave(locked)


def delete_expired(
    *, database: Database, choose: Callable[[], Collection[uuid.UUID]], actor: Actor
) -> list[Backup]:
    """Delete what `choose` names, which is asked under the database's lock; a part at a time.

    What may not be deleted just now stays. Returns those that were, with their bytes to be
    removed by `purge`.
    """
    require(actor, "backups.delete_backup", database.company)
    gone = []
    with transaction.atomic():
        Database.every.select_for_update().get(pk=database.pk)
        rows = Backup.objects.filter(database=database, pk__in=choose())
        locked = rows.select_for_update(of=("self",)).select_related("database", "company")
        for backup in locked.order_by("created_at")[:PURGED_IN_A_ROUND]:
            try:
                _refuse(backup, force=False)
            except BackupError as error:
                log.info("expired_backup_stays", backup=str(backup.pk), why=error.code)
                continue
            _mark(Backup.objects.filter(pk=backup.pk))
            audit.record(
                actor=actor,
                action="backup.expired",
                thing=backup,
                company=backup.company,
                changes={"sha256": backup.sha256},
            )
            gone.append(backup)
        reach("retention.before-commit")
    return gone


def purge(backups: Iterable[Backup]) -> None:
    """Remove the bytes of what is marked; what a storage does not let go the tick removes."""
    _purge_for_a_while(backups)


def delete_database(*, database: Database, actor: Actor, confirm: str) -> None:
    """Delete it with all of its backups, the newest good one too. `confirm` is its name, typed.

    Raises NotAllowed, BadOption, NotReady, Held or Locked; then nothing is changed.
    """
    require(actor, "backups.delete_database", database.company)
    if confirm != database.name:
        raise BadOption("confirm", _("Type the database's name to delete it with its backups."))
    with transaction.atomic():
        locked = Database.objects.select_for_update().filter(pk=database.pk).first()
        if locked is None:
            raise NotFound(_("There is no such database."))
        backups = Backup.objects.filter(database=locked)
        for backup in backups.filter(checks__status__in=ACTIVE, checks__stored__isnull=False):
            end_rechecks(backup=backup)
        checked = Q(checks__status__in=ACTIVE, checks__stored=None)
        if backups.filter(Q(status__in=ACTIVE) | checked).exists():
            raise NotReady(_("Something is at work for this database; cancel it first."))
        if any_in_use(backups):
            raise NotReady(_("Something is at work with a backup of it; cancel it first."))
        if backups.filter(stored_objects__retain_until__gt=Now()).exists():
            raise Locked(_("The storage keeps a backup of this database locked for now."))
        if backups.filter(held=True).exists():
            raise Held(_("A backup of this database is under legal hold."))
        count = backups.count()
        _mark(backups)
        locked.schedules.all().delete()
        Database.every.filter(pk=locked.pk).update(deleted_at=Now(), password_sealed="")
        audit.record(
            actor=actor,
            action="database.deleted",
            thing=locked,
            company=locked.company,
            changes={"backups": count},
        )
    _purge_for_a_while(_to_purge().filter(database=locked)[:PURGED_IN_A_ROUND])


def finish_deletions() -> int:
    """Remove the bytes of what is marked. Called by the tick: after a crash, or when a storage
    was away. Returns how many are gone now.

    In no order: what a storage that is away holds must not stand before the rest.
    """
    waiting = _to_purge().order_by("?")
    return _purge_for_a_while(waiting[:PURGED_IN_A_ROUND])


def protected_ids(database_id: object) -> set[object]:
    """The backups of a database that no deletion takes: the newest good one and the newest
    proven one; and the newest good one that leaves nothing of the database out."""
    good = Backup.objects.filter(
        database_id=database_id, status=Status.COMPLETED, validation__in=GOOD
    ).order_by("-created_at", "-id")
    whole = good.exclude(options__has_any_keys=NARROWING)
    proven = good.filter(validation=Validation.PROVEN)
    newest = (rows.values_list("pk", flat=True).first() for rows in (good, whole, proven))
    return {pk for pk in newest if pk is not None}


def _refuse(backup: Backup, *, force: bool) -> None:
    if not backup.is_over:
        raise NotReady(_("This backup is not over; cancel it first."))
    end_rechecks(backup=backup)
    if backup.checks.filter(status__in=ACTIVE, stored=None).exists():
        raise NotReady(_("A check of this backup waits or runs; cancel it first."))
    if any_in_use(Backup.objects.filter(pk=backup.pk)):
        raise NotReady(_("Something is at work with this backup; cancel it first."))
    if backup.held:
        raise Held(_("This backup is under legal hold."))
    if backup.stored_objects.filter(retain_until__gt=Now()).exists():
        raise Locked(_("The storage keeps this backup locked for now."))
    if backup.pk in protected_ids(backup.database_id):
        raise Protected(_("This is the newest good or the newest proven backup of its database."))
    if backup.pinned and not force:
        raise Pinned(_("This backup is pinned."))


def _mark(rows: QuerySet[Backup]) -> None:
    rows.update(deleted_at=Now())


def _to_purge() -> QuerySet[Backup]:
    rows = Backup.every.filter(deleted_at__isnull=False, purged_at=None)
    found: QuerySet[Backup] = rows.select_related("database").order_by("deleted_at")
    return found


def _purge_for_a_while(backups: Iterable[Backup]) -> int:
    """How many are gone. A bucket takes its time for each: nobody waits for all of them."""
    until = time.monotonic() + PURGE_SECONDS
    count = 0
    for backup in backups:
        count += _purge_or_leave(backup)
        if time.monotonic() > until:
            break
    return count


def _purge_or_leave(backup: Backup) -> bool:
    try:
        _purge(backup)
    except StorageError as error:
        log.warning("deletion_waits", backup=str(backup.pk), error=str(error))
        return False
    return True


def _purge(backup: Backup) -> None:
    """All of its copies. Safe to be repeated from any point. Raises StorageError, after those
    were removed whose places are there."""
    away: list[StorageError] = []
    for stored in backup.stored_objects.select_related("target"):
        try:
            _remove_copy(backup, stored)
        except StorageError as error:
            away.append(error)
    if away:
        raise away[0]
    with transaction.atomic():
        backup.stored_objects.update(state=StoredObject.State.DELETED)
        Backup.every.filter(pk=backup.pk).update(purged_at=Now())


def _remove_copy(backup: Backup, stored: StoredObject) -> None:
    # The manifest goes first: bytes without one are no backup.
    delete_bytes(target=stored.target, key=stored.key + manifest.SUFFIX)
    reach("delete.manifest-gone")
    delete_bytes(target=stored.target, key=stored.key)
    reach("delete.bytes-gone")
    if backup.database.deleted_at is not None:
        delete_bytes(target=stored.target, key=sheet_key(stored.key))
