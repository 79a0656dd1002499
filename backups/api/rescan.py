"""Rescan of a storage for administrators: by default it only says what would be done."""

from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from access.policy import require
from backups.rescan.services import PERMISSION, rescan
from storage.api.bodies import Body, Flag, actor_of, read_body
from storage.selectors import target_for

# A request is no place for hours: what was found by then stays, and the answer says so.
SECONDS = 20.0


class Asked(Body):
    dry_run = Flag(default=True)
    resurrect = Flag(default=False)
    check = Flag(default=False)


class RescanView(APIView):
    def post(self, request: Request, target_id: str) -> Response:
        actor = actor_of(request)
        target = target_for(actor=actor, target_id=target_id)
        require(actor, PERMISSION, target.company)
        asked = read_body(request, Asked)
        report = rescan(target=target, actor=actor, seconds=SECONDS, **asked)
        return Response(
            {"storage": {"id": str(target.pk), "name": target.name}, **report.described()}
        )
