"""Views parse, call one verb or read, and answer."""

from typing import Any

from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from access.models import Token, User
from access.policy import require
from monitoring.figures.reading import read_queues, read_stats
from monitoring.figures.scopes import scope_of
from monitoring.files.api.query import kinds
from monitoring.live.channels import FOLLOW
from monitoring.live.messages import iso, queue_data, stats_data
from monitoring.live.numbers import Asker, Numbers, positions_of
from monitoring.live.presence import connections_data, everyone
from monitoring.live.tickets import issue_ticket

VIEW = "monitoring.view_trackedfile"


class QueueView(APIView):
    def get(self, request: Request) -> Response:
        asker = _asker(request)
        queue = read_queues([asker.scope])[asker.scope]
        position = positions_of([asker]).get(asker)
        return Response(queue_data(Numbers(queue, position)))


class StatsView(APIView):
    def get(self, request: Request) -> Response:
        scope = _asker(request).scope
        stats = read_stats([scope])[scope]
        return Response(stats_data(Numbers(stats.queue, stats=stats)))


class ConnectionsView(APIView):
    """Over all server processes."""

    def get(self, request: Request) -> Response:
        require(_user(request), VIEW)
        return Response(connections_data(everyone()))


class TicketsView(APIView):
    def post(self, request: Request) -> Response:
        token: Any = request.auth
        text, ends_at = issue_ticket(
            user=_user(request),
            token=token if isinstance(token, Token) else None,
            session_key=request.session.session_key or "",
        )
        return Response({"ticket": text, "expires_at": iso(ends_at)}, status=201)


def _asker(request: Request) -> Asker:
    user = _user(request)
    require(user, FOLLOW)
    return Asker(scope_of(user, kinds=tuple(kinds(request.query_params))), user.pk)


def _user(request: Request) -> User:
    assert isinstance(request.user, User)  # the default permission is IsAuthenticated
    return request.user
