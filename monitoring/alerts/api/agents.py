"""Agents: when each was heard last, and after what silence it is told."""

from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from access.policy import require
from monitoring.alerts.agents import MOST_HOURS, VIEW, agent_for, list_agents, watch_agent
from monitoring.alerts.description import describe_agent
from storage.api.bodies import Body, Number, actor_of, read_body


class LimitBody(Body):
    silent_after_hours = Number(
        min_value=0,
        max_value=MOST_HOURS,
        allow_null=True,
        help_text="0: never told; null: as the installation has it.",
    )


class AgentsView(APIView):
    def get(self, request: Request) -> Response:
        actor = actor_of(request)
        require(actor, VIEW)
        results = [describe_agent(one) for one in list_agents(actor=actor)]
        found = {"results": results, "next": None, "previous": None}
        return Response({**found, "count": len(results)})


class AgentView(APIView):
    def get(self, request: Request, agent_pk: str) -> Response:
        return Response(describe_agent(agent_for(actor=actor_of(request), ref=int(agent_pk))))

    def patch(self, request: Request, agent_pk: str) -> Response:
        actor = actor_of(request)
        agent = agent_for(actor=actor, ref=int(agent_pk))
        hours = read_body(request, LimitBody)["silent_after_hours"]
        return Response(describe_agent(watch_agent(agent=agent, hours=hours, actor=actor)))
