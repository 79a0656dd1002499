"""What becomes of each manifest of a batch, from a fixed number of queries. Writes nothing."""

import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field

from django.utils.translation import gettext as _

from access.models import Company
from backups.copying.use import backups_being_copied
from backups.manifest import SUFFIX
from backups.models import Backup, Database
from backups.rescan.findings import Finding, Outcome
from backups.rescan.manifests import Told, Unusable, read_manifest
from storage.backends import backend_for
from storage.errors import BadKey, ObjectMissing
from storage.models import StorageTarget, StoredObject

# Read at once; a batch of hostile manifests must not fill the memory.
MOST_BYTES = 32 << 20

Status = Backup.Status
ACTIVE = (Status.PENDING, Status.RUNNING)


@dataclass
class Judged:
    """`fresh` become new rows, `lost` and `copies` get bytes, `back` are tombstones no more."""

    findings: list[Finding] = field(default_factory=list)
    fresh: list[Told] = field(default_factory=list)
    lost: list[tuple[Told, Backup]] = field(default_factory=list)
    copies: list[tuple[Told, Backup]] = field(default_factory=list)
    back: list[tuple[Told, Backup]] = field(default_factory=list)


@dataclass
class Known:
    """The rows that a batch of manifests may be about."""

    target: StorageTarget
    stored: dict[str, StoredObject]
    backups: dict[uuid.UUID, Backup]
    databases: dict[uuid.UUID, Database]
    companies: set[str]
    # Backups that are being copied, or of which an attempt to copy has left something.
    copied: set[uuid.UUID]

    @classmethod
    def of(cls, target: StorageTarget, told: list[Told]) -> "Known":
        rows = StoredObject.objects.filter(target=target, key__in=[one.key for one in told])
        backups = Backup.every.filter(pk__in=[one.backup_id for one in told])
        databases = Database.every.filter(pk__in=[one.database.id for one in told])
        named = {one.company for one in told}
        companies = Company.objects.filter(name__in=named).exclude(pk=target.company_id)
        with_files = (
            backups.defer("manifest")
            .select_related("database", "file")
            .prefetch_related("stored_objects")
        )
        return cls(
            target=target,
            stored={one.key: one for one in rows},
            backups={one.pk: one for one in with_files},
            databases={one.pk: one for one in databases},
            companies=set(companies.values_list("name", flat=True)),
            copied=backups_being_copied(target, [one.backup_id for one in told]),
        )


def read_batch(
    target: StorageTarget, keys: list[str]
) -> Iterator[tuple[list[Told], list[Finding]]]:
    """The manifests of these keys, in parts that fit into memory, and what cannot be used."""
    part: list[Told] = []
    refused: list[Finding] = []
    weight = 0
    for key in keys:
        try:
            told = read_manifest(target=target, key=key)
        except Unusable as error:
            known = StoredObject.objects.filter(target=target, key=key).exists()
            outcome = Outcome.CONFLICT if known else Outcome.SKIPPED
            refused.append(Finding(outcome, key + SUFFIX, error.reason, str(error)))
            continue
        except BadKey as error:
            refused.append(Finding(Outcome.SKIPPED, key + SUFFIX, BadKey.code, str(error)))
            continue
        except ObjectMissing:
            continue  # deleted since it was listed
        part.append(told)
        weight += told.weight
        if weight > MOST_BYTES:
            yield part, refused
            part, refused, weight = [], [], 0
    yield part, refused


def judge(known: Known, told: list[Told], judged: Judged, *, resurrect: bool) -> None:
    """Say what each one is, and put those that are to be written into their lists."""
    seen: set[uuid.UUID] = set()
    # Of two attempts of one run the later one comes first: the key ends in its number.
    for one in sorted(told, key=lambda one: one.key, reverse=True):
        finding = _judge_one(known, one, judged, seen, resurrect=resurrect)
        judged.findings.append(finding)
        seen.add(one.backup_id)


def _judge_one(
    known: Known, told: Told, judged: Judged, seen: set[uuid.UUID], *, resurrect: bool
) -> Finding:
    backup = known.backups.get(told.backup_id)
    stored = known.stored.get(told.key)
    company = known.target.company_id
    database = known.databases.get(told.database.id)
    if (
        (backup is not None and backup.company_id != company)
        or (database is not None and database.company_id != company)
        or (backup is None and told.company in known.companies)
    ):
        return _finding(Outcome.SKIPPED, told, "other_company", _("It belongs to another company."))
    if stored is not None:
        return _judge_stored(told, stored, backup, judged, resurrect=resurrect)
    if told.backup_id in seen:
        return _conflict(told, "second_manifest", _("Another manifest is of the same backup."))
    if backup is not None:
        return _judge_backup(known, told, backup, judged)
    if missing := _missing_bytes(known.target, told):
        return missing
    if database is not None and database.deleted_at is not None and not resurrect:
        return _finding(Outcome.DELETED, told, "deleted", _("Its database was deleted here."))
    judged.fresh.append(told)
    return _finding(Outcome.FOUND, told)


def _judge_stored(
    told: Told, stored: StoredObject, backup: Backup | None, judged: Judged, *, resurrect: bool
) -> Finding:
    """Its key has a row: everything must be as that one says."""
    if backup is None or stored not in backup.stored_objects.all():
        return _conflict(told, "other_backup", _("Its file is recorded as another backup's."))
    if told.database.id != backup.database_id and not _is_adopted(told, backup):
        return _conflict(told, "other_database", _("Its backup is recorded of another database."))
    if stored.sha256 != told.sha256:
        return _conflict(told, "sha256_differs", _("Another sha256 is recorded."))
    if stored.size != told.size:
        return _conflict(told, "size_differs", _("Another size is recorded."))
    if backup.deleted_at is None:
        return _finding(Outcome.KNOWN, told)
    if backup.purged_at is None:
        # The tick is about to remove it.
        return _finding(Outcome.AT_WORK, told)
    if not resurrect:
        return _finding(Outcome.DELETED, told, "deleted", _("It was deleted here."))
    if missing := _missing_bytes(stored.target, told):
        return missing
    judged.back.append((told, backup))
    return _finding(Outcome.RESURRECTED, told)


def _judge_backup(known: Known, told: Told, backup: Backup, judged: Judged) -> Finding:
    """Its backup has a row, and these bytes have none."""
    copies = list(backup.stored_objects.all())
    owes = backup.file is not None and backup.file.leftovers_of is not None
    if backup.status in ACTIVE or owes or backup.pk in known.copied:
        return _finding(Outcome.AT_WORK, told)
    if backup.deleted_at is not None:
        return _finding(Outcome.DELETED, told, "deleted", _("It was deleted here."))
    if told.database.id != backup.database_id and not _is_adopted(told, backup):
        return _conflict(told, "other_database", _("Its backup is recorded of another database."))
    if any(one.target_id == known.target.pk for one in copies):
        return _conflict(told, "second_manifest", _("Another manifest is of the same backup."))
    if missing := _missing_bytes(known.target, told):
        return missing
    if not copies and backup.error_code == "worker_lost":
        judged.lost.append((told, backup))
        return _finding(
            Outcome.FOUND, told, "lost_run", _("Its run was lost; its bytes are whole.")
        )
    if copies and (backup.sha256, backup.size_bytes) == (told.sha256, told.size):
        judged.copies.append((told, backup))
        return _finding(Outcome.FOUND, told, "copy", _("Another copy of a backup that is known."))
    return _conflict(told, "not_its_bytes", _("Its backup is recorded otherwise."))


def _is_adopted(told: Told, backup: Backup) -> bool:
    """Whether the row came from this manifest, whose database is known by another id here."""
    recorded = ((backup.manifest or {}).get("database") or {}).get("id")
    return bool(recorded == str(told.database.id))


def _missing_bytes(target: StorageTarget, told: Told) -> Finding | None:
    try:
        size = backend_for(target).size(told.key)
    except ObjectMissing:
        return _conflict(told, "bytes_missing", _("Its bytes are not there."))
    if size != told.size:
        sizes = {"found": size, "expected": told.size}
        said = _("%(found)d bytes lie there, and it says %(expected)d.") % sizes
        return _conflict(told, "size_differs", said)
    return None


def _conflict(told: Told, reason: str, said: str) -> Finding:
    return _finding(Outcome.CONFLICT, told, reason, said)


def _finding(outcome: Outcome, told: Told, reason: str = "", said: str = "") -> Finding:
    return Finding(outcome, told.key, reason, said, told.backup_id)
