"""`/api/uploads/…`: open a session, ask where it stands, finalize it."""

import re
from typing import Any

import orjson
from django.utils.translation import gettext as _
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from access.policy import require
from storage.api.bodies import BadValue, Number, Text, actor_of, company_for
from uploads.addresses import base_of
from uploads.content.metadata import check_metadata
from uploads.description import describe_end, describe_opened, describe_status
from uploads.errors import TooLarge, WrongContent
from uploads.models import UploadSession
from uploads.selectors import session_for
from uploads.sessions import Announced, finalize_session, open_session
from uploads.states import Status

MOST_OBJECT_BYTES = 64 << 10
SHA256 = re.compile(r"[0-9a-f]{64}")
KINDS = [UploadSession.Kind.RECORDING, UploadSession.Kind.BACKUP]


class NewSession(serializers.Serializer[Any]):
    """Unknown names are left out, but for those inside of the two objects, which are kept."""

    session_id = Text(required=False, allow_blank=True, max_length=200)
    connection_info = serializers.DictField(required=False, allow_null=True)
    file_size = Number(min_value=1, max_value=1 << 50)
    metadata = serializers.DictField(required=False, allow_null=True)
    sha256 = Text(required=False, allow_blank=True, allow_null=True, max_length=64)
    file_name = Text(required=False, allow_blank=True, allow_null=True, max_length=1000)
    kind = serializers.ChoiceField(choices=KINDS, required=False)
    job_id = Text(required=False, allow_blank=True, allow_null=True, max_length=200)


class CreateSessionView(APIView):
    def post(self, request: Request) -> Response:
        """201 with a new session; 200 with the one that there is of this file."""
        actor = actor_of(request)
        require(actor, "uploads.add_uploadsession")
        company = company_for(actor=actor, permission="uploads.add_uploadsession")
        session, is_new = open_session(company=company, actor=actor, announced=_announced(request))
        base = base_of(request.scheme or "http", request.get_host())
        return Response(describe_opened(session, base=base), status=201 if is_new else 200)


class FinalizeView(APIView):
    def post(self, request: Request, session_id: str) -> Response:
        """200 when it is stored; 202 while it is being moved there."""
        actor = actor_of(request)
        session = session_for(actor=actor, ref=session_id)
        sha256 = _sha256(request.data.get("sha256")) if isinstance(request.data, dict) else ""
        session = finalize_session(session=session, actor=actor, sha256=sha256)
        status = 200 if session.status == Status.COMPLETED else 202
        return Response(describe_end(session), status=status)


class StatusView(APIView):
    def get(self, request: Request, session_id: str) -> Response:
        return Response(describe_status(session_for(actor=actor_of(request), ref=session_id)))


def _announced(request: Request) -> Announced:
    if not isinstance(request.data, dict):
        raise BadValue("body", _("Send a JSON object."))
    body = NewSession(data=request.data)
    body.is_valid(raise_exception=True)
    found = body.validated_data
    info, metadata = found.get("connection_info") or {}, found.get("metadata") or {}
    if len(orjson.dumps([info, metadata])) > MOST_OBJECT_BYTES:
        raise TooLarge(_("connection_info and metadata are 64 KiB at most together."))
    try:
        check_metadata({"connection_info": info, **metadata})
    except WrongContent as error:
        raise BadValue("metadata", str(error)) from error
    return Announced(
        file_size=found["file_size"],
        kind=found.get("kind") or UploadSession.Kind.RECORDING,
        client_id=found.get("session_id") or "",
        file_name=found.get("file_name") or "",
        sha256=_sha256(found.get("sha256")),
        connection_info=info,
        metadata=metadata,
        job_id=found.get("job_id") or "",
    )


def _sha256(value: Any) -> str:
    if value in (None, ""):
        return ""
    if not isinstance(value, str) or not SHA256.fullmatch(value.lower()):
        raise BadValue("sha256", _("sha256 has 64 hexadecimal digits."))
    return value.lower()
