"""`/api/restores/uploads`: a file in one body, the list of them, and a file's end.

The body is the file itself, whatever its type is said to be.
"""

from collections.abc import Iterator
from typing import Any

from django.http import HttpRequest
from django.utils.translation import gettext as _
from rest_framework.parsers import BaseParser
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from access.policy import require
from backups.description import iso
from backups.pipeline import BLOCK_BYTES
from restores.errors import UploadBroken
from restores.received.models import ReceivedFile
from restores.received.services import (
    delete_file,
    receive_file,
    received_file_for,
    visible_files,
)
from storage.api.bodies import actor_of, company_for

MOST_LISTED = 200


class _Untouched(BaseParser):
    """Nothing is parsed: the view reads the stream itself."""

    media_type = "*/*"

    def parse(self, *_stream: Any, **_more: Any) -> Any:
        return {}


class UploadsView(APIView):
    parser_classes = [_Untouched]

    def post(self, request: Request) -> Response:
        """201 with the file. `name` is what it is called; `company` is needed with several."""
        actor = actor_of(request)
        require(actor, "restores.add_receivedfile")
        company = company_for(
            actor=actor,
            permission="restores.add_receivedfile",
            ref=request.query_params.get("company", ""),
        )
        file = receive_file(
            company=company,
            actor=actor,
            name=request.query_params.get("name", ""),
            blocks=blocks_of(request._request),
            announced=_announced(request),
        )
        where = request.build_absolute_uri(f"/api/restores/uploads/{file.pk}")
        return Response(describe(file), status=201, headers={"Location": where})

    def get(self, request: Request) -> Response:
        """Those that can still be restored, the newest first."""
        actor = actor_of(request)
        require(actor, "restores.view_receivedfile")
        return Response({"results": [describe(one) for one in visible_files(actor)[:MOST_LISTED]]})


class UploadView(APIView):
    def get(self, request: Request, upload_id: str) -> Response:
        return Response(describe(received_file_for(actor=actor_of(request), file_id=upload_id)))

    def delete(self, request: Request, upload_id: str) -> Response:
        actor = actor_of(request)
        delete_file(file=received_file_for(actor=actor, file_id=upload_id), actor=actor)
        return Response(status=204)


def describe(file: ReceivedFile) -> dict[str, Any]:
    """`contents` is empty until a preflight or a restore has recognized it. Size in bytes."""
    return {
        "id": str(file.pk),
        "name": file.name,
        "size": file.size,
        "sha256": file.sha256,
        "contents": file.contents,
        "created_by": file.created_by.get_username() if file.created_by else None,
        "created_at": iso(file.created_at),
        "expires_at": iso(file.expires_at),
    }


def blocks_of(request: HttpRequest) -> Iterator[bytes]:
    """The body, in pieces. Raises UploadBroken."""
    while True:
        try:
            block = request.read(BLOCK_BYTES)
        except OSError as error:
            raise UploadBroken(_("The connection broke before the file was here.")) from error
        if not block:
            return
        yield block


def _announced(request: Request) -> int | None:
    text = str(request.META.get("CONTENT_LENGTH") or "")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 19 else None
