"""Agents that were heard and are silent: told, until they are heard again.

Silence is counted while somebody watched. What an upload brings is heard, however long it takes.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from urllib.parse import urlencode

from django.db.models import Max
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from monitoring.alerts.agents import Known, note_heard, watched_agents
from monitoring.alerts.services import Fact, settle
from monitoring.expected.gaps import gaps_after
from monitoring.expected.plans import Gap
from monitoring.files.models import TrackedFile
from monitoring.times.clock import database_now

RULE = "agent.silent"


def alert_lost_agents() -> None:
    """By the tick."""
    note_heard()
    now = database_now()
    late = [one for one in watched_agents() if now - one.since > _limit(one)]
    gaps = gaps_after(min(one.since for one in late)) if late else ()
    silent = [one for one in late if silence(one.since, now, gaps) > _limit(one)]
    sending = _sending(silent)
    settle(
        rule=RULE,
        facts=[
            _fact(one)
            for one in silent
            if silence(sending.get(one.agent.user_id, one.since), now, gaps) > _limit(one)
        ],
    )


def silence(since: datetime, now: datetime, gaps: Sequence[Gap]) -> timedelta:
    """How long it has not been heard, without the time in which nobody listened."""
    deaf = timedelta()
    for gap in gaps:
        deaf += max(timedelta(), min(gap.ended, now) - max(gap.began, since))
    return now - since - deaf


def _sending(silent: list[Known]) -> dict[int, datetime]:
    """When the last bytes came, of what is under way: one request may take hours."""
    users = [one.agent.user_id for one in silent]
    under_way = TrackedFile.objects.filter(
        created_by__in=users, status=TrackedFile.Status.PROCESSING, seen_at__isnull=False
    )
    return dict(
        under_way.order_by()
        .values("created_by")
        .annotate(Max("seen_at"))
        .values_list("created_by", "seen_at__max")
    )


def _limit(one: Known) -> timedelta:
    return timedelta(hours=one.hours)


def _fact(one: Known) -> Fact:
    hours = ngettext("%(hours)d hour", "%(hours)d hours", one.hours) % {"hours": one.hours}
    words = {"at": f"{one.heard_at:%Y-%m-%d %H:%M}", "hours": hours}
    return Fact(
        key=f"{RULE}:{one.agent.pk}",
        company=one.agent.company,
        subject=_("%(name)s is silent") % {"name": one.agent.agent_id},
        text=_("It was last heard at %(at)s UTC, and may be silent for %(hours)s.") % words,
        url=f"{reverse('dashboard:expected')}?{urlencode({'search': one.agent.agent_id})}",
        thing=one.agent,
    )
