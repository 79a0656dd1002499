"""`/api/recordings/retention` and `/cleanup`: how long recordings stay, and what goes."""

from typing import Any

from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from access.models import Company
from access.policy import require
from storage.api.bodies import Body, Flag, Number, actor_of, company_for, read_body
from uploads.recordings.cleanup import clean_recordings
from uploads.recordings.description import describe_preview
from uploads.recordings.retention import (
    MOST_DAYS,
    PERMISSION,
    preview_cleanup,
    set_retention,
    stopped,
)


class Days(Body):
    days = Number(min_value=0, max_value=MOST_DAYS, allow_null=True)


class Wanted(Body):
    before = serializers.DateTimeField(allow_null=True, default=None)
    confirmed = Flag(default=False)


class RetentionView(APIView):
    def get(self, request: Request) -> Response:
        """What would go now: nothing is removed."""
        return Response(_preview(_company(request, "uploads.view_recording")))

    def put(self, request: Request) -> Response:
        company = _company(request, PERMISSION)
        body: dict[str, Any] = read_body(request, Days)
        set_retention(company=company, actor=actor_of(request), **body)
        return Response(_preview(company))


class CleanupView(APIView):
    def post(self, request: Request) -> Response:
        company = _company(request, PERMISSION)
        body: dict[str, Any] = read_body(request, Wanted)
        removed = clean_recordings(company=company, actor=actor_of(request), **body)
        return Response({"removed": removed, **_preview(company)})


def _company(request: Request, permission: str) -> Company:
    actor = actor_of(request)
    require(actor, permission)
    ref = request.query_params.get("company", "")
    return company_for(actor=actor, permission=permission, ref=ref)


def _preview(company: Company) -> dict[str, Any]:
    return describe_preview(preview_cleanup(company=company), stopped(company))
