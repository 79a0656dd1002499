"""Storage targets: list, create, read, change, remove, and test."""

from typing import Any

from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from access.policy import require
from storage.api.bodies import actor_of, company_for, read_body
from storage.api.target_bodies import (
    ChangedTarget,
    NewTarget,
    create_target_of,
    update_target_by,
)
from storage.description import describe_target
from storage.models import StorageTarget
from storage.selectors import list_targets, target_for
from storage.services import delete_target, test_target


class TargetsView(APIView):
    def get(self, request: Request) -> Response:
        actor = actor_of(request)
        require(actor, "storage.view_storagetarget")
        return Response(listed([describe_target(one) for one in list_targets(actor=actor)]))

    def post(self, request: Request) -> Response:
        actor = actor_of(request)
        require(actor, "storage.add_storagetarget")
        body = read_body(request, NewTarget)
        company = company_for(
            actor=actor, permission="storage.add_storagetarget", ref=body.get("company", "")
        )
        made = create_target_of(body, company=company, actor=actor)
        found = target_for(actor=actor, target_id=made.pk)
        return Response(
            describe_target(found),
            status=201,
            headers={"Location": request.build_absolute_uri(f"/api/storages/{made.pk}")},
        )


class TargetView(APIView):
    def get(self, request: Request, target_id: str) -> Response:
        return Response(describe_target(_target(request, target_id)))

    def patch(self, request: Request, target_id: str) -> Response:
        target = _target(request, target_id)
        require(actor_of(request), "storage.change_storagetarget", target.company)
        body = read_body(request, ChangedTarget, partial=True)
        changed = update_target_by(body, target=target, actor=actor_of(request))
        return Response(describe_target(changed))

    def delete(self, request: Request, target_id: str) -> Response:
        delete_target(target=_target(request, target_id), actor=actor_of(request))
        return Response(status=204)


class TargetTestView(APIView):
    def post(self, request: Request, target_id: str) -> Response:
        """A probe is written, read back and deleted."""
        test_target(target=_target(request, target_id), actor=actor_of(request))
        return Response({"ok": True})


def listed(results: list[dict[str, Any]]) -> dict[str, Any]:
    """What there are few of, in one page of the shape that all lists have."""
    return {"results": results, "next": None, "previous": None, "count": len(results)}


def _target(request: Request, target_id: str) -> StorageTarget:
    return target_for(actor=actor_of(request), target_id=target_id)
