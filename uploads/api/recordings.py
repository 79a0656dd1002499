"""`/api/recordings`: the list, one, its bytes with Range, its picture, its end."""

from typing import Any
from urllib.parse import urlencode

from django.http import HttpResponse
from django.http.response import HttpResponseBase
from django.utils.translation import gettext as _
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from access.policy import NotAllowed
from backups.api.download import ranged
from backups.errors import BadOption
from storage.api.bodies import actor_of
from uploads.addresses import base_of
from uploads.errors import NoSession
from uploads.recordings.description import describe_recording
from uploads.recordings.selectors import list_recordings, may_list, read_filters, recording_for
from uploads.recordings.services import delete_recording, hand_out, note_view

DEFAULT_LIMIT, MOST_LIMIT = 50, 200


class RecordingsView(APIView):
    def get(self, request: Request) -> Response:
        actor = actor_of(request)
        if not may_list(actor):
            raise NotAllowed(_("Your role does not allow this. Ask an administrator."))
        query = request.query_params
        page = list_recordings(
            actor=actor,
            filters=read_filters(query),
            cursor=query.get("cursor") or "",
            limit=limit_of(query.get("limit")),
        )
        base = _base(request)
        return Response(
            {
                "results": [describe_recording(one, base=base) for one in page.results],
                "next": _link(request, page.next),
                "previous": _link(request, page.previous),
                "count": None,
            }
        )


class RecordingView(APIView):
    def get(self, request: Request, recording_id: str) -> Response:
        actor = actor_of(request)
        recording = recording_for(actor=actor, file_id=recording_id)
        note_view(recording=recording, actor=actor)
        return Response(describe_recording(recording, base=_base(request)))

    def delete(self, request: Request, recording_id: str) -> Response:
        actor = actor_of(request)
        delete_recording(recording=recording_for(actor=actor, file_id=recording_id), actor=actor)
        return Response(status=204)


class _Bytes(APIView):
    def perform_content_negotiation(self, request: Request, force: bool = False) -> Any:  # noqa: ARG002
        """The bytes are what they are, whatever the client says that it takes."""
        return super().perform_content_negotiation(request, force=True)


class ContentView(_Bytes):
    def get(self, request: Request, recording_id: str) -> HttpResponseBase:
        """`?download=1`: as a file to be saved."""
        actor = actor_of(request)
        recording = recording_for(actor=actor, file_id=recording_id)
        as_file = bool(request.query_params.get("download"))
        download = hand_out(recording=recording, actor=actor, as_file=as_file)
        answer = ranged(
            request, download, content_type=recording.content_type, as_attachment=as_file
        )
        answer["X-Content-Type-Options"] = "nosniff"
        return answer


class ThumbnailView(_Bytes):
    def get(self, request: Request, recording_id: str) -> HttpResponseBase:
        recording = recording_for(actor=actor_of(request), file_id=recording_id)
        if recording.thumbnail is None:
            raise NoSession(_("There is no picture of this recording."))
        answer = HttpResponse(bytes(recording.thumbnail), content_type="image/jpeg")
        answer["Cache-Control"] = "private, max-age=3600"
        return answer


def _base(request: Request) -> str:
    return base_of(request.scheme or "http", request.get_host())


def limit_of(text: str | None) -> int:
    """Raises BadOption."""
    if not text:
        return DEFAULT_LIMIT
    known = text.isascii() and text.isdigit() and len(text) < 6
    if not known or not 1 <= int(text) <= MOST_LIMIT:
        words = _("limit must be a number from 1 to %(most)d.")
        raise BadOption("limit", words % {"most": MOST_LIMIT})
    return int(text)


def _link(request: Request, cursor: str | None) -> str | None:
    if cursor is None:
        return None
    kept = [(k, v) for k, v in request.query_params.items() if k != "cursor"]
    return request.build_absolute_uri(f"?{urlencode([*kept, ('cursor', cursor)])}")
