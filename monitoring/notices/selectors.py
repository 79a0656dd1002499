"""Which notices hold now, and who hears which."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import F, Q, QuerySet
from django.db.models.functions import Now

from access.models import Membership, User
from access.policy import Actor
from monitoring.notices.models import Notice

# Who listens is told of an end, too; so are a process that was away for a moment, and a reader
# whose page is older than its connection.
ENDED = timedelta(seconds=60)
MOST = 50
_COLUMNS = (
    *("id", "company_id", "kind", "level", "title", "message"),
    *("starts_at", "ends_at", "holds"),
)


@dataclass(frozen=True)
class Shown:
    """`holds`: its time has come and is not over; else it has just ended."""

    id: int
    company: int | None
    kind: str
    level: str
    title: str
    message: str
    starts_at: datetime
    ends_at: datetime | None
    holds: bool

    @property
    def is_final(self) -> bool:
        return False


def current_notices() -> list[Shown]:
    """What holds, and what has just ended, for all; the newest fifty, the oldest first."""
    # What was withdrawn before its time was never said, and is not said to be over either.
    begun = Notice.objects.filter(starts_at__lte=Now()).exclude(ends_at__lte=F("starts_at"))
    rows = begun.filter(Q(ends_at=None) | Q(ends_at__gt=Now() - ENDED)).annotate(
        holds=Q(ends_at=None) | Q(ends_at__gt=Now())
    )
    found: list[dict[str, Any]] = list(rows.order_by("-id").values(*_COLUMNS)[:MOST])
    return [Shown(company=row.pop("company_id"), **row) for row in reversed(found)]


def notices_for(actor: Actor) -> QuerySet[Notice]:
    """Those for everyone, and those for a company of which the actor is."""
    if not isinstance(actor, User) or actor.is_superuser:
        return Notice.objects.all()
    theirs = Membership.objects.filter(user=actor).values("company_id")
    return Notice.objects.filter(Q(company=None) | Q(company__in=theirs))


def not_over(rows: QuerySet[Notice]) -> QuerySet[Notice]:
    """What holds, and what is to come."""
    return rows.filter(Q(ends_at=None) | Q(ends_at__gt=Now()))


def holding(rows: QuerySet[Notice]) -> QuerySet[Notice]:
    """By the database's clock."""
    return not_over(rows).filter(starts_at__lte=Now())
