"""What comes in, for people: pages of sessions, and how many there are of each sort."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.db.models import Count, Q, QuerySet, Sum
from django.db.models.functions import Now
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from access.models import Agent
from access.policy import Actor, companies_where
from uploads.errors import NoSession
from uploads.limits import Quota, quota_of, quotas_of
from uploads.models import UploadSession
from uploads.rates import COMING
from uploads.selectors import session_for, visible_sessions
from uploads.states import Status

DAY = timedelta(days=1)
SEES = "uploads.view_allowance"
ACTIVE = (Status.CREATED, Status.UPLOADING, Status.UPLOADED)
FILTERS: dict[str, str | Promise] = {
    "active": gettext_lazy("Coming in"),
    "queue": gettext_lazy("Being stored"),
    "completed": gettext_lazy("Completed"),
    "failed": gettext_lazy("Failed"),
}
_STATES: dict[str, tuple[Status, ...]] = {
    "active": ACTIVE,
    "queue": (Status.FINALIZING,),
    "completed": (Status.COMPLETED,),
    "failed": (Status.FAILED, Status.EXPIRED),
}


@dataclass(frozen=True)
class UploadPage:
    """`next` is the id after which the next page begins, or None at the end."""

    results: list[UploadSession]
    next: str | None


@dataclass(frozen=True)
class Counts:
    """Of now, with how many of the active send, and together how many bytes a second; and of the
    last 24 hours: completed, failed, and how many bytes came."""

    active: int
    sending: int
    rate: float
    queue: int
    retrying: int
    completed: int
    failed: int
    received: int


def list_uploads(*, actor: Actor, which: str = "", after: str = "", limit: int = 50) -> UploadPage:
    """The newest first. Raises NoSession for an `after` that is not there."""
    rows: QuerySet[UploadSession] = visible_sessions(actor).prefetch_related(
        "file__stages", "parts", "recording"
    )
    rows = rows.order_by("-created_at", "-id")
    if which in _STATES:
        rows = rows.filter(status__in=_STATES[which])
    if after:
        last = session_for(actor=actor, ref=after)
        rows = rows.filter(created_at__lte=last.created_at).exclude(
            created_at=last.created_at, pk__gte=last.pk
        )
    found = list(rows[: limit + 1])
    more = str(found[limit - 1].pk) if len(found) > limit else None
    return UploadPage(found[:limit], more)


def count_uploads(*, actor: Actor) -> Counts:
    lately = Q(ended_at__gt=Now() - DAY)
    done = Q(status=Status.COMPLETED) & lately
    sending = Q(status=Status.UPLOADING) & COMING
    found: dict[str, Any] = UploadSession.objects.visible_to(actor).aggregate(
        active=Count("pk", filter=Q(status__in=ACTIVE)),
        sending=Count("pk", filter=sending),
        rate=Sum("rate", filter=sending),
        queue=Count("pk", filter=Q(status=Status.FINALIZING)),
        retrying=Count("pk", filter=Q(status=Status.FINALIZING, retry_count__gt=0)),
        completed=Count("pk", filter=done),
        failed=Count("pk", filter=Q(status__in=_STATES["failed"]) & lately),
        received=Sum("file_size", filter=done),
    )
    return Counts(**{**found, "rate": found["rate"] or 0.0, "received": found["received"] or 0})


@dataclass(frozen=True)
class Sender:
    agent: Agent
    quota: Quota


MOST_SENDERS = 500


def list_senders(*, actor: Actor) -> list[Sender]:
    """The agents whose limits the actor may know, and what they have used of them."""
    rows: QuerySet[Agent] = Agent.objects.filter(company__in=companies_where(actor, SEES))
    agents = list(rows.select_related("user", "company").order_by("agent_id")[:MOST_SENDERS])
    quotas = quotas_of([one.user for one in agents])
    return [Sender(one, quotas[one.user_id]) for one in agents]


def sender_for(*, actor: Actor, agent_id: str) -> Sender:
    """Raises NoSession, alike for a missing one and one that the actor may not know of."""
    rows = Agent.objects.filter(company__in=companies_where(actor, SEES), agent_id=agent_id)
    agent = rows.select_related("user", "company").first()
    if agent is None:
        raise NoSession(_("There is no such agent."))
    return Sender(agent, quota_of(agent.user))
