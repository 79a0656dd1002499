"""Agents for administrators: when each was heard last, and how long it may be silent."""

from django.conf import settings
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from access.pages.gate import must_have, person
from access.policy import NotAllowed
from monitoring.alerts.agents import VIEW, agent_for, hours_of, list_agents, watch_agent
from monitoring.alerts.errors import AlertError, NoSuchAgent
from monitoring.alerts.models import Alert


@require_safe
def agent_list(request: HttpRequest) -> HttpResponse:
    user = person(request)
    must_have(user, VIEW)
    agents = list(list_agents(actor=user))
    keys = {f"agent.silent:{one.pk}": one.pk for one in agents}
    told = Alert.objects.open().filter(key__in=keys).values_list("key", "pk")
    silent = {keys[key]: pk for key, pk in told}
    context = {
        "rows": [(one, hours_of(one), silent.get(one.pk)) for one in agents],
        "default": settings.ENVIRONMENT.agent_silent_hours,
    }
    return render(request, "alerts/agents.html", context)


@require_POST
def agent_act(request: HttpRequest, agent_pk: int) -> HttpResponse:
    """Set its limit; an empty one is that of the installation."""
    user = person(request)
    text = request.POST.get("hours", "").strip()
    try:
        agent = agent_for(actor=user, ref=agent_pk)
        watch_agent(agent=agent, hours=_hours(text), actor=user)
    except NoSuchAgent as error:
        raise Http404(str(error)) from error
    except NotAllowed as error:
        raise PermissionDenied(str(error)) from error
    except AlertError as error:
        messages.error(request, str(error))
    else:
        messages.success(request, _("%s is watched so from now on.") % agent.agent_id)
    return redirect("alerts:agents")


def _hours(text: str) -> int | None:
    if not text:
        return None
    # What is no number is none that there can be, and is refused as such.
    return int(text) if text.isascii() and text.isdigit() and len(text) < 9 else -1
