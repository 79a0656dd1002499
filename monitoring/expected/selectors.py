"""Reading expected backups: everything starts from what the actor may see."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import orjson
from django.db import connection
from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from access.policy import Actor
from monitoring.expected.errors import BadField, NotFound
from monitoring.expected.models import BackupEntry, ExpectedBackupJob
from monitoring.expected.states import Status
from monitoring.files.api.query import LARGEST_ID

MOST = 200
# Before the id in a cursor: what is newer than it.
NEWER = "newer-"


def list_jobs(*, actor: Actor) -> QuerySet[ExpectedBackupJob]:
    rows: QuerySet[ExpectedBackupJob] = ExpectedBackupJob.objects.visible_to(actor)
    return rows.select_related("company")


def job_for(*, actor: Actor, job_id: int | str) -> ExpectedBackupJob:
    """Raises NotFound, alike for a missing job and one that the actor may not see."""
    found = None
    if 0 < int(job_id) <= LARGEST_ID:
        found = list_jobs(actor=actor).filter(pk=int(job_id)).first()
    if found is None:
        raise NotFound(_("There is no such expected backup."))
    return found


@dataclass(frozen=True)
class EntryFilters:
    """Moments are of the due time; both ends are included."""

    status: list[str] = field(default_factory=list)
    after: datetime | None = None
    until: datetime | None = None
    job: int | None = None
    company_name: str = ""
    city: str = ""
    agent: str = ""


@dataclass(frozen=True)
class Page:
    """`next` and `previous` are cursors, of what is older and newer; None at an end."""

    results: list[dict[str, Any]]
    next: str | None
    previous: str | None


LISTED = (
    *("id", "job_id", "expected_at", "status", "source", "backup_timestamp_utc", "backup_hash"),
    *("backup_size_bytes", "error_message", "warnings", "history", "content_passed"),
    *("run_seconds", "file", "received_at", "created_at"),
)
_JSON = ("warnings", "history")
_PLAIN = tuple(name for name in LISTED if name not in _JSON)
LISTED_IN_ORDER = (*_PLAIN, *_JSON)


def list_entries(
    *, actor: Actor, filters: EntryFilters, cursor: str | None = None, limit: int = 50
) -> Page:
    """Newest first, a page by keyset: the first and the ten-thousandth cost the same.

    Raises BadField.
    """
    newer, place = _read_cursor(cursor)
    rows = filtered(BackupEntry.objects.visible_to(actor), filters)
    if place is not None:
        rows = rows.filter(id__gt=place) if newer else rows.filter(id__lt=place)
    limit = max(1, min(limit, MOST))
    found = _read(rows.order_by("id" if newer else "-id")[: limit + 1])
    more, found = len(found) > limit, found[:limit]
    if newer:
        found.reverse()
    if not found:
        return Page([], None, None)
    # Behind is where the reader came from.
    has_older, has_newer = (True, more) if newer else (more, place is not None)
    return Page(
        found,
        str(found[-1]["id"]) if has_older else None,
        f"{NEWER}{found[0]['id']}" if has_newer else None,
    )


def _read_cursor(cursor: str | None) -> tuple[bool, int | None]:
    """Whether it is of what is newer, and than which entry. Raises BadField."""
    if not cursor:
        return False, None
    number = cursor.removeprefix(NEWER)
    if not (number.isascii() and number.isdigit() and len(number) < 19):
        raise BadField("cursor", _("This cursor cannot be read; start from the first page."))
    return cursor.startswith(NEWER), int(number)


def _read(rows: QuerySet[BackupEntry]) -> list[dict[str, Any]]:
    """The rows without a model, and what is JSON in them as it stands: it goes out as it is."""
    sql, values = rows.values_list(*_PLAIN, *_JSON).query.sql_with_params()
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
        found = [dict(zip(LISTED_IN_ORDER, row, strict=True)) for row in cursor.fetchall()]
    for row in found:
        for name in _JSON:
            row[name] = orjson.Fragment(row[name])
    return found


def filtered(rows: QuerySet[BackupEntry], filters: EntryFilters) -> QuerySet[BackupEntry]:
    unknown = [one for one in filters.status if one not in Status.values]
    if unknown:
        words = _("%(value)s is not one of %(known)s.")
        known = ", ".join(Status.values)
        raise BadField("status", words % {"value": unknown[0][:40], "known": known})
    condition = Q()
    if filters.status:
        condition &= Q(status__in=filters.status)
    if filters.after:
        condition &= Q(expected_at__gte=filters.after)
    if filters.until:
        condition &= Q(expected_at__lte=filters.until)
    if filters.job is not None:
        condition &= Q(job_id=filters.job)
    if filters.company_name:
        condition &= Q(company__name=filters.company_name)
    if filters.city:
        condition &= Q(job__city=filters.city)
    if filters.agent:
        condition &= Q(job__agent_id_responsible=filters.agent)
    return rows.filter(condition)


def entry_for(*, actor: Actor, entry_id: int | str) -> dict[str, Any]:
    """Raises NotFound, alike for a missing entry and one that the actor may not see."""
    found: dict[str, Any] | None = None
    if 0 < int(entry_id) <= LARGEST_ID:
        rows = BackupEntry.objects.visible_to(actor).filter(pk=int(entry_id))
        found = rows.values(*LISTED).first()
    if found is None:
        raise NotFound(_("There is no such entry."))
    return found
