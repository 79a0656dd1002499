"""Writing what a rescan found: one batch, one transaction, a fixed number of statements.

Nothing recorded is overwritten. What is found is unchecked, whatever its manifest says, and
was received now: so no retention by age takes it at once.
"""

import uuid
from collections.abc import Iterable

from django.db import DatabaseError, transaction
from django.db.models import Value
from django.db.models.functions import Least, Now
from django.utils.translation import gettext as _

from access import audit
from access.policy import Actor
from backups.models import Backup, Database
from backups.rescan.findings import Finding, Outcome, Report
from backups.rescan.judging import Judged
from backups.rescan.manifests import Identity, Told
from storage.models import StorageTarget, StoredObject

# RFC 2606: a name that no server ever has.
NO_HOST = "unknown.invalid"
LONGEST_NAME = 100
Through = Backup.stored_objects.through


def adopt(
    *, target: StorageTarget, judged: Judged, actor: Actor, report: Report
) -> list[uuid.UUID]:
    """Write the lists of `judged`, in the caller's transaction; the ids of what is new.

    Raises DatabaseError when one of them cannot be stored: then all of the batch is undone.
    """
    databases = _databases_for(target, judged.fresh, actor, report)
    fresh = [(told, _row(told, target, databases[told.database.id])) for told in judged.fresh]
    Backup.objects.bulk_create(row for _told, row in fresh)
    _store(target, [*fresh, *judged.copies, *judged.lost])
    for told, backup in judged.lost:
        _refill(told, backup, target)
    if judged.back:
        _bring_back(judged.back, databases)
    found = [backup for _told, backup in [*fresh, *judged.copies, *judged.lost, *judged.back]]
    if found:
        audit.record(
            actor=actor,
            action="storage.rescanned",
            thing=target,
            company=target.company,
            changes={"backups": [str(backup.pk) for backup in found]},
        )
    return [backup.pk for backup in found]


def adopt_singly(
    *, target: StorageTarget, judged: Judged, actor: Actor, report: Report
) -> list[uuid.UUID]:
    """The same one by one, so that the one which cannot be stored does not take the others
    with it; that one is named."""
    found: list[uuid.UUID] = []
    lists = ("fresh", "lost", "copies", "back")
    for part in (Judged(**{name: [one]}) for name in lists for one in getattr(judged, name)):
        try:
            with transaction.atomic():
                found += adopt(target=target, judged=part, actor=actor, report=report)
        except DatabaseError:
            told = _only(part)
            said = _("What it says cannot be stored.")
            judged.findings = [one for one in judged.findings if one.key != told.key]
            judged.findings.append(Finding(Outcome.SKIPPED, told.key, "wrong_value", said))
    return found


def _only(part: Judged) -> Told:
    pairs = [*part.lost, *part.copies, *part.back]
    return part.fresh[0] if part.fresh else pairs[0][0]


def _row(told: Told, target: StorageTarget, database: Database) -> Backup:
    return Backup(
        id=told.backup_id,
        company_id=target.company_id,
        database=database,
        storage=target,
        name=database.name,
        trigger=Backup.Trigger.CLI,
        options=told.options,
        # A clock that was ahead must not make it the newest for ever.
        created_at=Least(Value(told.created_at), Now()),
        completed_at=Now(),
        comment=_("Found at the storage by a rescan."),
        **_facts(told),
    )


def _facts(told: Told) -> dict[str, object]:
    return {
        "status": Backup.Status.COMPLETED,
        "file_name": told.file_name,
        "label": told.label,
        "size_bytes": told.size,
        "source_bytes": told.source_bytes,
        "sha256": told.sha256,
        "compression": told.compression,
        "server_version": told.server_version,
        "manifest": told.body,
        "validation": Backup.Validation.UNCHECKED,
        "validation_level": "",
    }


def _refill(told: Told, backup: Backup, target: StorageTarget) -> None:
    """A run whose outcome nobody wrote down: what it stored is whole."""
    Backup.every.filter(pk=backup.pk).update(
        **_facts(told),
        storage=target,
        completed_at=Now(),
        error_code="",
        error="",
        error_detail="",
        comment=_("Its run was lost; a rescan found its bytes."),
    )


def _store(target: StorageTarget, pairs: Iterable[tuple[Told, Backup]]) -> None:
    stored = [
        (
            backup,
            StoredObject(
                company_id=target.company_id,
                target=target,
                key=told.key,
                size=told.size,
                sha256=told.sha256,
            ),
        )
        for told, backup in pairs
    ]
    StoredObject.objects.bulk_create(row for _backup, row in stored)
    Through.objects.bulk_create(
        Through(backup_id=backup.pk, storedobject_id=row.pk) for backup, row in stored
    )


def _bring_back(pairs: list[tuple[Told, Backup]], databases: dict[uuid.UUID, Database]) -> None:
    ids = [backup.pk for _told, backup in pairs]
    for database in {backup.database for _told, backup in pairs} - set(databases.values()):
        _undelete(database)
    Backup.every.filter(pk__in=ids).update(
        deleted_at=None,
        purged_at=None,
        completed_at=Now(),
        validation=Backup.Validation.UNCHECKED,
        validation_level="",
    )
    keys = [told.key for told, _backup in pairs]
    StoredObject.objects.filter(backups__in=ids, key__in=keys).update(
        state=StoredObject.State.STORED, stored_at=Now(), checked_at=None
    )


def _databases_for(
    target: StorageTarget, fresh: list[Told], actor: Actor, report: Report
) -> dict[uuid.UUID, Database]:
    """The row of each database that is told of: by id, by where it is, or a new one."""
    told = {one.database.id: one.database for one in fresh}
    rows = Database.every.filter(pk__in=told)
    found = {one.pk: one for one in rows}
    for database in found.values():
        _undelete(database)
    for identity in told.values():
        if identity.id not in found:
            row = _same_place(target, identity) or _new_database(target, identity, actor, report)
            found[identity.id] = row
    return found


def _same_place(target: StorageTarget, identity: Identity) -> Database | None:
    if not identity.is_known:
        return None
    rows = Database.objects.filter(
        company_id=target.company_id,
        engine=identity.engine,
        host=identity.host,
        port=identity.port,
        database_name=identity.database_name,
    )
    found = list(rows[:2])
    return found[0] if len(found) == 1 else None


def _new_database(
    target: StorageTarget, identity: Identity, actor: Actor, report: Report
) -> Database:
    """Without a password: nothing is dumped from it before somebody has looked at it."""
    row = Database(
        id=identity.id,
        company_id=target.company_id,
        name=_free_name(target, identity.name),
        engine=identity.engine,
        host=identity.host if identity.is_known else NO_HOST,
        port=identity.port or 5432,
        database_name=identity.database_name or identity.name,
        username=identity.username or "unknown",
    )
    row.save(force_insert=True)
    report.databases.append(row.name)
    audit.record(
        actor=actor,
        action="database.recovered",
        thing=row,
        company=target.company,
        changes={"host": row.host, "port": row.port, "database_name": row.database_name},
    )
    return row


def _undelete(database: Database) -> None:
    if database.deleted_at is not None:
        name = _free_name(database, database.name)
        Database.every.filter(pk=database.pk).update(deleted_at=None, name=name)
        database.deleted_at = None
        database.name = name


def _free_name(beside: StorageTarget | Database, name: str) -> str:
    taken = set(
        Database.objects.filter(company_id=beside.company_id).values_list("name", flat=True)
    )
    candidate, number = name, 1
    while candidate in taken:
        number += 1
        ending = f" ({_('recovered')} {number})"
        candidate = name[: LONGEST_NAME - len(ending)] + ending
    return candidate
