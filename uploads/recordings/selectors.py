"""Reading recordings: everything starts from what the actor may see; pages by keyset."""

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from django.core.exceptions import ValidationError
from django.db.models import Q, QuerySet
from django.utils import timezone
from django.utils.dateparse import parse_date, parse_datetime
from django.utils.translation import gettext as _

from access.models import User
from access.policy import Actor
from backups.cursors import Cursor, decode_cursor, encode_cursor
from backups.errors import BadOption
from uploads.errors import NoSession
from uploads.models import Recording
from uploads.recordings.retention import with_expiry

ORDERINGS = ("-created_at", "created_at")
MOST = 200
LONGEST = 200
_SEARCHED = ("file_name", "name", "ip", "wats_user", "con_codigo", "session__client_id")


@dataclass(frozen=True)
class RecordingFilters:
    """What is empty does not narrow. `from_moment` is included, `to_moment` is not."""

    con_codigo: str = ""
    wats_user: str = ""
    ip: str = ""
    name: str = ""
    search: str = ""
    from_moment: datetime | None = None
    to_moment: datetime | None = None
    ordering: str = "-created_at"

    @property
    def narrows(self) -> bool:
        return self != RecordingFilters(ordering=self.ordering)


@dataclass(frozen=True)
class RecordingPage:
    results: list[Recording]
    next: str | None
    previous: str | None


def read_filters(query: Mapping[str, str]) -> RecordingFilters:
    """Raises BadOption, naming what cannot be used."""
    words = {
        name: (query.get(name) or "").replace("\0", "")[:LONGEST]
        for name in ("con_codigo", "wats_user", "ip", "name", "search")
    }
    ordering = query.get("ordering") or ORDERINGS[0]
    if ordering not in ORDERINGS:
        raise BadOption("ordering", _("Order by created_at or -created_at."))
    return RecordingFilters(
        **words,
        from_moment=_moment("from", query.get("from") or "", end=False),
        to_moment=_moment("to", query.get("to") or "", end=True),
        ordering=ordering,
    )


def visible_recordings(actor: Actor) -> QuerySet[Recording]:
    rows: QuerySet[Recording] = Recording.objects.visible_to(actor).filter(deleted_at=None)
    return with_expiry(rows.select_related("company", "created_by", "session", "stored__target"))


def recording_for(*, actor: Actor, file_id: uuid.UUID | str) -> Recording:
    """Raises NoSession, alike for a missing one and one that the actor may not see."""
    found: Recording | None = None
    try:
        found = visible_recordings(actor).get(pk=file_id)
    except (Recording.DoesNotExist, ValidationError, ValueError):
        pass
    if found is None:
        raise NoSession(_("There is no such recording."))
    return found


def may_list(actor: User) -> bool:
    """An agent lists its own; a person what a role shows."""
    return actor.kind == User.Kind.AGENT or actor.may("uploads.view_recording")


def list_recordings(
    *, actor: Actor, filters: RecordingFilters, cursor: str = "", limit: int = 50
) -> RecordingPage:
    """Raises BadOption for a cursor that is none."""
    rows = _filtered(visible_recordings(actor).defer("thumbnail"), filters)
    at = decode_cursor(cursor) if cursor else None
    backwards = at is not None and at.backwards
    descending = filters.ordering.startswith("-") != backwards
    if at is not None:
        side = "lt" if descending else "gt"
        rows = rows.filter(
            Q(**{f"created_at__{side}e": at.moment}),
            Q(**{f"created_at__{side}": at.moment}) | Q(**{f"id__{side}": at.row}),
        )
    sign = "-" if descending else ""
    limit = max(1, min(limit, MOST))
    found = list(rows.order_by(f"{sign}created_at", f"{sign}id")[: limit + 1])
    more, found = len(found) > limit, found[:limit]
    if backwards:
        found.reverse()
    if not found:
        return RecordingPage([], None, None)
    return RecordingPage(
        found,
        _cursor(found[-1], False) if more or backwards else None,
        _cursor(found[0], True) if (more if backwards else at is not None) else None,
    )


def _cursor(recording: Recording, backwards: bool) -> str:
    return encode_cursor(Cursor(recording.created_at, recording.pk, backwards))


def _filtered(rows: QuerySet[Recording], filters: RecordingFilters) -> QuerySet[Recording]:
    if filters.con_codigo:
        rows = rows.filter(con_codigo=filters.con_codigo)
    if filters.ip:
        rows = rows.filter(ip=filters.ip)
    if filters.wats_user:
        rows = rows.filter(wats_user__icontains=filters.wats_user)
    if filters.name:
        rows = rows.filter(name__icontains=filters.name)
    if filters.search:
        wanted = Q()
        for column in _SEARCHED:
            wanted |= Q(**{f"{column}__icontains": filters.search})
        rows = rows.filter(wanted)
    if filters.from_moment:
        rows = rows.filter(created_at__gte=filters.from_moment)
    if filters.to_moment:
        rows = rows.filter(created_at__lt=filters.to_moment)
    return rows


def _moment(name: str, text: str, *, end: bool) -> datetime | None:
    """A day of the installation's time zone, both ends included, or a moment. Raises BadOption."""
    if not text:
        return None
    try:
        if (day := parse_date(text)) is not None:
            return _midnight(day + timedelta(days=1) if end else day)
        found = parse_datetime(text.replace(" ", "+"))
    except (ValueError, OverflowError):
        found = None
    if found is None:
        raise BadOption(name, _("%(name)s is a day, as 2026-11-21, or a time.") % {"name": name})
    return timezone.make_aware(found) if timezone.is_naive(found) else found


def _midnight(day: date) -> datetime:
    return timezone.make_aware(datetime.combine(day, time.min))
