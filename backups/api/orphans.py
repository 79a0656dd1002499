"""Files at a storage that belong to nothing: those in quarantine, and a look for them now."""

from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from access.policy import require
from backups.rescan.services import PERMISSION
from backups.upkeep.description import describe_orphans
from backups.upkeep.orphans import look_now
from storage.api.bodies import Body, Flag, actor_of, read_body
from storage.selectors import target_for

# A request is no place for hours; the tick looks through the rest.
SECONDS = 20.0


class Asked(Body):
    dry_run = Flag(default=True)


class OrphansView(APIView):
    def get(self, request: Request, target_id: str) -> Response:
        actor = actor_of(request)
        target = target_for(actor=actor, target_id=target_id)
        require(actor, "storage.view_orphan", target.company)
        return Response(describe_orphans(target))

    def post(self, request: Request, target_id: str) -> Response:
        """Look now; with `dry_run`, as it is by default, nothing is written and nothing goes."""
        actor = actor_of(request)
        target = target_for(actor=actor, target_id=target_id)
        require(actor, PERMISSION, target.company)
        asked = read_body(request, Asked)
        walk = look_now(target=target, actor=actor, seconds=SECONDS, **asked)
        return Response(describe_orphans(target, walk))
