"""Reading events in their order: below every open transaction, after a cursor."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Self

from django.db import connection
from django.db.models import CharField, OuterRef, QuerySet, Subquery, Value
from django.db.models.functions import Cast, Concat

from monitoring.events.models import Event

MOST = 1000


@dataclass(frozen=True, order=True)
class Cursor:
    """A place in the order of events: on the wire `XID-ID`."""

    xid: int
    id: int

    def __str__(self) -> str:
        return f"{self.xid}-{self.id}"

    @classmethod
    def parse(cls, text: str) -> Self | None:
        """None for what is no cursor."""
        first, dash, second = text.strip().partition("-")
        if not dash or len(text) > 45 or not (first + second).isascii():
            return None
        if not (first.isdigit() and second.isdigit()):
            return None
        return cls(int(first), int(second))


@dataclass(frozen=True)
class Happening:
    cursor: Cursor
    company: int
    topic: str
    subject: uuid.UUID
    state: str
    # How long before its reading it was written, in seconds.
    age: float = field(default=0.0, compare=False)


def horizon() -> Cursor:
    """The end of what is settled now: no event before it can still appear."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_snapshot_xmin(pg_current_snapshot())::text")
        (xid,) = cursor.fetchone() or ("0",)
    return Cursor(int(xid), 0)


def events_after(place: Cursor, *, most: int = MOST) -> list[Happening]:
    """The next events in order. Those of a transaction above an open one come later.

    Ids and transactions commit out of order; below the oldest open one nothing moves any more
    (PostgreSQL manual, section 9.27.7, `pg_snapshot_xmin`).
    """
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT xid::text, id, company_id, topic, subject, state,"
            " extract(epoch FROM clock_timestamp() - at)::double precision FROM monitoring_event"
            " WHERE (xid, id) > (%s::text::xid8, %s)"
            " AND xid < pg_snapshot_xmin(pg_current_snapshot())"
            " ORDER BY xid, id LIMIT %s",
            [str(place.xid), place.id, most],
        )
        rows: Sequence[tuple[str, int, int, str, uuid.UUID, str, float]] = cursor.fetchall()
    return [
        Happening(Cursor(int(xid), number), company, topic, subject, state, max(0.0, age))
        for xid, number, company, topic, subject, state, age in rows
    ]


def oldest() -> Cursor | None:
    """The first event that is kept: before it nothing is known."""
    found = Event.objects.order_by("xid", "id").values_list("xid", "id").first()
    return Cursor(*found) if found else None


def newest_of(subject: OuterRef) -> Subquery:
    """The wire form of a subject's newest event, for `annotate`; null when none is kept.

    By id alone: a subject's events are written under its row's lock, while a transaction may
    have got its number long before it got the lock.
    """
    rows: QuerySet[Event] = Event.objects.filter(subject=subject).order_by("-id")
    wire = Concat(
        Cast("xid", CharField()), Value("-"), Cast("id", CharField()), output_field=CharField()
    )
    return Subquery(rows.annotate(wire=wire).values("wire")[:1])
