"""What a cleanup of a database would remove, and the cleanup itself."""

from typing import Any

from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from access.policy import require
from backups.retention.cleanup import clean_database
from backups.retention.description import describe_cleanup, describe_preview
from backups.retention.preview import preview_cleanup
from backups.selectors import database_of
from storage.api.bodies import Body, Flag, actor_of, read_body


class Wanted(Body):
    named = serializers.ListField(
        child=serializers.UUIDField(), allow_null=True, default=None, max_length=100_000
    )
    confirmed = Flag(default=False)


class CleanupView(APIView):
    def get(self, request: Request, database_id: str) -> Response:
        actor = actor_of(request)
        database = database_of(actor=actor, database_id=database_id)
        require(actor, "backups.view_backup", database.company)
        return Response(describe_preview(preview_cleanup(database=database)))

    def post(self, request: Request, database_id: str) -> Response:
        actor = actor_of(request)
        database = database_of(actor=actor, database_id=database_id)
        require(actor, "backups.delete_backup", database.company)
        body: dict[str, Any] = read_body(request, Wanted)
        cleanup = clean_database(database=database, actor=actor, **body)
        database.refresh_from_db(fields=["cleanup_stopped"])
        return Response(describe_cleanup(database, cleanup))
