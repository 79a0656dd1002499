"""Reading databases and backups: everything starts from what the actor may see."""

import uuid
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from functools import cache
from typing import Any

from django.core.exceptions import ValidationError
from django.db import connection
from django.db.models import Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from access.policy import Actor
from backups.cursors import Cursor, decode_cursor, encode_cursor
from backups.description import LISTED, describe_row, iso
from backups.errors import BadOption, NotFound
from backups.models import Backup, BackupSchedule, Database
from backups.options import is_storable
from storage.models import StorageTarget

ORDERINGS = ("-created_at", "created_at")
MOST = 200


@dataclass(frozen=True)
class BackupFilters:
    """Dates are days in the installation's time zone, both included."""

    status: list[str] = field(default_factory=list)
    validation: list[str] = field(default_factory=list)
    database: str = ""
    search: str = ""
    from_date: date | None = None
    to_date: date | None = None
    ordering: str = "-created_at"


@dataclass(frozen=True)
class BackupPage:
    """`next` and `previous` are cursors, or None at an end. `results` are backups, or what
    `list_described` made of them."""

    results: list[Any]
    next: str | None
    previous: str | None


def backup_for(*, actor: Actor, backup_id: uuid.UUID | str) -> Backup:
    """Raises NotFound, alike for a missing backup and one that the actor may not see."""
    rows = Backup.objects.visible_to(actor).select_related(
        "database", "company", "created_by", "file", "storage"
    )
    found: Backup | None = None
    try:
        found = rows.prefetch_related("file__stages", "stored_objects__target").get(pk=backup_id)
    except (Backup.DoesNotExist, ValidationError, ValueError):
        pass
    if found is None:
        raise NotFound(_("There is no such backup."))
    return found


def database_for(*, actor: Actor, ref: str) -> Database:
    """The database of an id or a name. Raises NotFound, also for a name that two companies use."""
    rows = Database.objects.visible_to(actor).select_related("company")
    condition = Q(name=ref)
    try:
        condition |= Q(pk=uuid.UUID(ref))
    except ValueError:
        pass
    found: list[Database] = list(rows.filter(condition)[:2]) if is_storable(ref) else []
    if len(found) == 1:
        return found[0]
    if found:
        raise NotFound(_("More than one database is named so; use its id."))
    raise NotFound(_("There is no database named %(name)s.") % {"name": _shown(ref)})


def list_databases(*, actor: Actor) -> QuerySet[Database]:
    rows: QuerySet[Database] = Database.objects.visible_to(actor)
    rows = rows.select_related("company").prefetch_related("copy_storages")
    return rows.order_by("name", "id")


def database_of(*, actor: Actor, database_id: uuid.UUID | str) -> Database:
    """Raises NotFound, alike for a missing database and one that the actor may not see."""
    try:
        return list_databases(actor=actor).get(pk=database_id)
    except (Database.DoesNotExist, ValidationError, ValueError):
        raise NotFound(_("There is no such database.")) from None


def list_schedules(*, actor: Actor) -> QuerySet[BackupSchedule]:
    rows: QuerySet[BackupSchedule] = BackupSchedule.objects.visible_to(actor)
    rows = rows.select_related("company", "database").prefetch_related("storages")
    return rows.order_by("name", "id")


def schedule_of(*, actor: Actor, schedule_id: uuid.UUID | str) -> BackupSchedule:
    """Raises NotFound, alike for a missing schedule and one that the actor may not see."""
    try:
        return list_schedules(actor=actor).get(pk=schedule_id)
    except (BackupSchedule.DoesNotExist, ValidationError, ValueError):
        raise NotFound(_("There is no such schedule.")) from None


def storage_for(*, actor: Actor, ref: str, database: Database) -> StorageTarget:
    """The storage target of an id or a name, of the database's company. Raises NotFound."""
    rows = StorageTarget.objects.visible_to(actor).filter(company=database.company)
    condition = Q(name=ref)
    try:
        condition |= Q(pk=uuid.UUID(ref))
    except ValueError:
        pass
    found: StorageTarget | None = rows.filter(condition).first() if is_storable(ref) else None
    if found is None:
        raise NotFound(_("There is no storage named %(name)s.") % {"name": _shown(ref)})
    return found


def storages_named(*, actor: Actor, refs: Iterable[str], database: Database) -> list[StorageTarget]:
    """The same for several, each once. Raises NotFound."""
    return [storage_for(actor=actor, ref=ref, database=database) for ref in dict.fromkeys(refs)]


def list_backups(
    *, actor: Actor, filters: BackupFilters, cursor: str | None = None, limit: int = 50
) -> BackupPage:
    """A page by keyset: the first and the thousandth cost the same. Raises BadOption."""
    rows = _filtered(Backup.objects.visible_to(actor), filters).select_related(
        "database", "company", "created_by", "file", "storage"
    )
    rows = rows.prefetch_related("file__stages", "stored_objects__target")
    return _page_of(rows, filters, cursor, limit)


def list_described(
    *, actor: Actor, filters: BackupFilters, cursor: str | None = None, limit: int = 50
) -> BackupPage:
    """The same page in the documented shape, from two queries and without a model: a list is
    asked for often, and 50 backups with all that belongs to them are 500 objects."""
    rows = _filtered(_listed().all().visible_to(actor), filters)
    found = _page_of(rows, filters, cursor, limit)
    copies = copies_of([row["id"] for row in found.results])
    described = [describe_row(row, copies[row["id"]]) for row in found.results]
    return BackupPage(described, found.next, found.previous)


def copies_of(backups: list[uuid.UUID]) -> dict[uuid.UUID, list[dict[str, Any]]]:
    """Of each backup its stored objects in the documented shape."""
    found: dict[uuid.UUID, list[dict[str, Any]]] = {backup: [] for backup in backups}
    with connection.cursor() as cursor:
        cursor.execute(_COPIES, [backups])
        for backup, storage, state, checked_at in cursor.fetchall():
            copy = {"storage": storage, "status": state, "checked_at": iso(checked_at)}
            found[backup].append(copy)
    return found


# Written out: the building of this query took as long as its answer.
_COPIES = """
SELECT link.backup_id, target.name, stored.state, stored.checked_at
FROM backups_backup_stored_objects AS link
JOIN storage_storedobject AS stored ON stored.id = link.storedobject_id
JOIN storage_storagetarget AS target ON target.id = stored.target_id
WHERE link.backup_id = ANY(%s) ORDER BY link.id
"""


# Made once: to name thirty columns takes longer than to ask for them.
@cache
def _listed() -> Any:
    return Backup.objects.values(*LISTED)


def _page_of(
    rows: QuerySet[Any], filters: BackupFilters, cursor: str | None, limit: int
) -> BackupPage:
    newest_first = filters.ordering.startswith("-")
    at = decode_cursor(cursor) if cursor else None
    backwards = at is not None and at.backwards
    descending = newest_first != backwards
    if at is not None:
        rows = rows.filter(_beyond(at, descending=descending))
    sign = "-" if descending else ""
    limit = max(1, min(limit, MOST))
    found = list(rows.order_by(f"{sign}created_at", f"{sign}id")[: limit + 1])
    more, found = len(found) > limit, found[:limit]
    if backwards:
        found.reverse()
    return _page(found, at=at, more=more, backwards=backwards)


def _page(found: list[Any], *, at: Cursor | None, more: bool, backwards: bool) -> BackupPage:
    if not found:
        return BackupPage([], None, None)
    has_next = more if not backwards else True
    has_previous = more if backwards else at is not None
    return BackupPage(
        found,
        encode_cursor(Cursor(*_place(found[-1]), False)) if has_next else None,
        encode_cursor(Cursor(*_place(found[0]), True)) if has_previous else None,
    )


def _place(row: Any) -> tuple[datetime, uuid.UUID]:
    if isinstance(row, Backup):
        return row.created_at, row.pk
    return row["created_at"], row["id"]


def _beyond(at: Cursor, *, descending: bool) -> Q:
    """Behind the row of the cursor. The first half alone lets the index begin there: with the
    second one only, each page reads all rows before it."""
    side = "lt" if descending else "gt"
    return Q(**{f"created_at__{side}e": at.moment}) & (
        Q(**{f"created_at__{side}": at.moment}) | Q(**{f"id__{side}": at.row})
    )


def _filtered(rows: QuerySet[Backup], filters: BackupFilters) -> QuerySet[Backup]:
    if filters.ordering not in ORDERINGS:
        raise BadOption("ordering", _("Order by created_at or -created_at."))
    _refuse_unknown("status", filters.status, Backup.Status.values)
    _refuse_unknown("validation", filters.validation, Backup.Validation.values)
    if filters.status:
        rows = rows.filter(status__in=filters.status)
    if filters.validation:
        rows = rows.filter(validation__in=filters.validation)
    if filters.database:
        rows = rows.filter(_of_database(filters.database))
    if filters.search:
        text = filters.search.replace("\0", "")
        rows = rows.filter(
            Q(file_name__icontains=text) | Q(label__icontains=text) | Q(name__icontains=text)
        )
    if filters.from_date:
        rows = rows.filter(created_at__gte=_midnight(filters.from_date))
    if filters.to_date and filters.to_date < date.max:
        rows = rows.filter(created_at__lt=_midnight(filters.to_date + timedelta(days=1)))
    return rows


def _shown(text: str) -> str:
    return text[:100].encode(errors="replace").decode()


def _of_database(ref: str) -> Q:
    try:
        return Q(database_id=uuid.UUID(ref))
    except ValueError:
        return Q(database__name=ref.replace("\0", ""))


def _refuse_unknown(name: str, given: list[str], known: list[str]) -> None:
    unknown = [value for value in given if value not in known]
    if unknown:
        raise BadOption(
            name,
            _("%(value)s is not one of %(known)s.")
            % {"value": unknown[0][:40], "known": ", ".join(known)},
        )


def _midnight(day: date) -> datetime:
    return timezone.make_aware(datetime.combine(day, time.min))
