"""The lists of tracked files, and one file with its log."""

from typing import Any

from django.http import Http404
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from access.models import User
from access.policy import require
from monitoring.files.api.query import LARGEST_ID, kinds, whole_number
from monitoring.files.selectors import find_file, list_files

LIMIT, MOST = 20, 100
LOGS_LIMIT, MOST_LOGS = 500, 5000


class FilesView(APIView):
    def get(self, request: Request) -> Response:
        actor = _actor(request)
        require(actor, "monitoring.follow_files")
        query = request.query_params
        limit = whole_number(query, "limit", most=MOST) or LIMIT
        return Response(list_files(actor=actor, limit=limit, kinds=kinds(query)))


class FileView(APIView):
    def get(self, request: Request, file_id: str) -> Response:
        query = request.query_params
        found: dict[str, Any] | None = find_file(
            actor=_actor(request),
            file_id=file_id,
            logs_limit=whole_number(query, "logs_limit", most=MOST_LOGS) or LOGS_LIMIT,
            logs_before=whole_number(query, "logs_before", most=LARGEST_ID),
        )
        if found is None:
            raise Http404
        return Response(found)


def _actor(request: Request) -> User:
    assert isinstance(request.user, User)  # the default permission is IsAuthenticated
    return request.user
