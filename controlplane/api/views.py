"""Holdfast's own backup: the sets there are, and another one now."""

from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from backups.recovery.services import require_manager
from controlplane.description import describe_set, describe_standing
from controlplane.selectors import recent_sets, standing
from controlplane.services import request_set
from storage.api.bodies import Body, Text, actor_of, read_body
from storage.selectors import target_named


class NewSet(Body):
    storage = Text(required=False, max_length=200)


class SetsView(APIView):
    def get(self, request: Request) -> Response:
        require_manager(actor_of(request))
        found = [describe_set(row) for row in recent_sets()]
        return Response({"standing": describe_standing(standing()), "results": found})

    def post(self, request: Request) -> Response:
        actor = actor_of(request)
        require_manager(actor)
        ref = read_body(request, NewSet).get("storage")
        target = target_named(actor=actor, ref=ref) if ref else None
        return Response(describe_set(request_set(actor=actor, target=target)), status=202)
