"""Agents as the watcher knows them: when each was last heard, and how long it may be silent."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import Count, F, Max, Q, QuerySet
from django.db.models.functions import Greatest, Now
from django.utils.translation import gettext as _

from access import audit
from access.models import Agent, Token
from access.policy import Actor, require
from monitoring.alerts.errors import BadOption, NoSuchAgent
from monitoring.alerts.models import AgentWatch
from monitoring.times.clock import CORRECTION

# Ten years: a longer one is a mistake.
MOST_HOURS = 87_600
VIEW, CHANGE = "access.view_agent", "access.change_agent"


@dataclass(frozen=True)
class Known:
    """An agent with a token that opens. `since`: heard last, or given its newest token."""

    agent: Agent
    heard_at: datetime
    since: datetime
    hours: int


def list_agents(*, actor: Actor) -> QuerySet[Any]:
    """With `heard` (None: never) and `tokens`, how many of its tokens still open."""
    rows: QuerySet[Agent] = Agent.objects.visible_to(actor)
    return _with_what_is_known(rows).order_by("agent_id")


def agent_for(*, actor: Actor, ref: int | str) -> Agent:
    """The agent of a number, or of an agent id. Raises NoSuchAgent, alike for a missing one and
    one that the actor may not see."""
    which = {"pk": ref} if isinstance(ref, int) else {"agent_id": ref.replace("\0", "")}
    found: Agent | None = list_agents(actor=actor).filter(**which).first()
    if found is None:
        raise NoSuchAgent(_("There is no such agent."))
    return found


def hours_of(agent: Agent) -> int:
    """After how many hours of silence it is told; 0: never."""
    watch: AgentWatch | None = getattr(agent, "watch", None)
    own = watch.silent_after_hours if watch else None
    default: int = settings.ENVIRONMENT.agent_silent_hours
    return default if own is None else own


@transaction.atomic
def watch_agent(*, agent: Agent, hours: int | None, actor: Actor) -> Agent:
    """Tell after so many hours of silence; 0 is never, None as the installation has it.

    Raises NotAllowed, BadOption.
    """
    require(actor, CHANGE, agent.company)
    if hours is not None and not 0 <= hours <= MOST_HOURS:
        said = _("Give a number of hours, %d at the most; 0: it is never told.")
        raise BadOption("silent_after_hours", said % MOST_HOURS)
    AgentWatch.objects.update_or_create(agent=agent, defaults={"silent_after_hours": hours})
    audit.record(
        actor=actor,
        action="agent.watched",
        thing=agent,
        company=agent.company,
        changes={"silent_after_hours": hours},
    )
    return agent_for(actor=actor, ref=agent.pk)


def note_heard() -> None:
    """Keep the last use of tokens, by one statement for those that were used since."""
    _forget_the_future()
    used = Agent.objects.annotate(used=Max("user__auth_token_set__last_used_at"))
    news = used.filter(Q(watch=None) | Q(watch__heard_at=None) | Q(watch__heard_at__lt=F("used")))
    AgentWatch.objects.bulk_create(
        [AgentWatch(agent=one, heard_at=one.used) for one in news.exclude(used=None)],
        update_conflicts=True,
        unique_fields=["agent"],
        update_fields=["heard_at"],
    )


def watched_agents() -> list[Known]:
    """Those that may come in, were heard once, and are told when they are silent."""
    rows = _with_what_is_known(Agent.objects.filter(user__is_active=True))
    found = rows.filter(tokens__gt=0, heard__isnull=False).order_by("pk")
    return [
        Known(one, one.heard, max(one.heard, one.newest_token), hours)
        for one in found
        if (hours := hours_of(one))
    ]


def _forget_the_future() -> None:
    """A clock that ran ahead wrote times in which nobody could be missed."""
    ahead = Now() + CORRECTION
    AgentWatch.objects.filter(heard_at__gt=ahead).update(heard_at=Now())
    Token.objects.filter(last_used_at__gt=ahead).update(last_used_at=Now())


def _with_what_is_known(rows: QuerySet[Agent]) -> QuerySet[Any]:
    living = Q(user__auth_token_set__expiry=None) | Q(user__auth_token_set__expiry__gt=Now())
    return rows.select_related("company", "user", "watch").annotate(
        # The greatest of those that there are (PostgreSQL leaves out what is null).
        heard=Greatest(Max("user__auth_token_set__last_used_at"), F("watch__heard_at")),
        tokens=Count("user__auth_token_set", filter=living),
        newest_token=Max("user__auth_token_set__created", filter=living),
    )
