"""Reading the audit: what an actor may see of it, filtered, in pages that need no count."""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from django.db.models import QuerySet
from django.utils import timezone

from access.models import AuditEntry
from access.policy import Actor


@dataclass(frozen=True)
class AuditFilters:
    actor: str = ""
    action: str = ""
    from_date: date | None = None
    to_date: date | None = None


@dataclass(frozen=True)
class AuditPage:
    """`next` and `previous` are cursors: older and newer."""

    results: list[AuditEntry]
    next: str | None
    previous: str | None


def list_audit(
    *, actor: Actor, filters: AuditFilters, cursor: str | None = None, limit: int = 50
) -> AuditPage:
    """Newest first. A cursor is `<ID` (older than) or `>ID` (newer than); others are ignored."""
    rows = _filtered(AuditEntry.objects.visible_to(actor).select_related("company"), filters)
    newer, place = _place(cursor)
    if newer:
        found = list(rows.filter(id__gt=place).order_by("id")[: limit + 1])
        more_newer, more_older = len(found) > limit, True
        found = found[:limit][::-1]
    else:
        rows = rows.filter(id__lt=place) if place else rows
        found = list(rows.order_by("-id")[: limit + 1])
        more_newer, more_older = place is not None, len(found) > limit
        found = found[:limit]
    return AuditPage(
        results=found,
        next=f"<{found[-1].pk}" if found and more_older else None,
        previous=f">{found[0].pk}" if found and more_newer else None,
    )


def _place(cursor: str | None) -> tuple[bool, int | None]:
    if not cursor or cursor[0] not in "<>" or not cursor[1:].isascii():
        return False, None
    if not cursor[1:].isdigit() or len(cursor) > 19:
        return False, None
    return cursor[0] == ">", int(cursor[1:])


def _filtered(rows: QuerySet[AuditEntry], filters: AuditFilters) -> QuerySet[AuditEntry]:
    if filters.actor:
        rows = rows.filter(actor_name=filters.actor)
    if filters.action:
        # `backup` finds all that was done to backups, `backup.deleted` one thing.
        rows = rows.filter(action__startswith=filters.action)
    if filters.from_date:
        rows = rows.filter(at__gte=_start_of(filters.from_date))
    if filters.to_date:
        rows = rows.filter(at__lt=_start_of(filters.to_date + timedelta(days=1)))
    return rows


def _start_of(day: date) -> datetime:
    return timezone.make_aware(datetime.combine(day, time.min))
