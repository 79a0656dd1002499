"""The event streams (Server-Sent Events), for who cannot or will not open a WebSocket.

Here is who may listen, and how the answer begins; what is said then: `monitoring.live.streaming`.
"""

from typing import Any

import structlog
from asgiref.sync import sync_to_async
from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.db import Error as DatabaseError
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.http.response import HttpResponseBase
from django.views.decorators.http import require_GET

from monitoring.live.admission import Knock, admit
from monitoring.live.channels import (
    DASHBOARD_CHANNEL,
    DOWNLOADS_CHANNEL,
    QUEUE_CHANNEL,
    STATS_CHANNEL,
    Channel,
    Wish,
)
from monitoring.live.errors import LiveError, NotAuthenticated, Unavailable
from monitoring.live.hub import hub
from monitoring.live.streaming import Opened, open_stream

log = structlog.get_logger(__name__)

# Django takes views that are coroutines; its types do not say so.
View = Any


def stream_of(channel: Channel) -> View:
    # It answers 401 itself: a program that listens has no use for the login page.
    @login_not_required
    @require_GET
    async def view(request: HttpRequest, download_id: str = "") -> HttpResponseBase:
        try:
            # In the request's own thread, which has a connection already: if each request held
            # one while it waits for a second, the pool would be empty for ever.
            admission = await sync_to_async(admit)(_knock(channel, request, download_id))
            if admission.start.has_seen_end:
                return HttpResponse(status=204)
            # Counted when the stream begins; asked here, where a refusal is still an answer.
            hub().presence.check(admission.user, admission.address, admission.others)
        except DatabaseError:
            return _refuse(Unavailable())
        except LiveError as error:
            return _refuse(error)
        response = HttpResponse(content_type="text/event-stream; charset=utf-8")
        response["Cache-Control"] = "no-cache"
        response["X-Accel-Buffering"] = "no"
        open_stream(request, Opened(channel, admission))
        return response

    return view


download_stream, queue_stream, stats_stream, dashboard_stream = map(
    stream_of, (DOWNLOADS_CHANNEL, QUEUE_CHANNEL, STATS_CHANNEL, DASHBOARD_CHANNEL)
)


def _knock(channel: Channel, request: HttpRequest, download_id: str) -> Knock:
    return Knock(
        channel=channel,
        wish=Wish(
            download_id=download_id,
            since=request.headers.get("Last-Event-ID", "") or request.GET.get("since", ""),
            kinds=tuple(request.GET.getlist("kind")),
        ),
        address=request.META.get("REMOTE_ADDR") or "",
        host=request.headers.get("Host", ""),
        authorization=request.headers.get("Authorization", ""),
        session=request.COOKIES.get(settings.SESSION_COOKIE_NAME, ""),
        ticket=request.GET.get("ticket", ""),
        origin=request.headers.get("Origin"),
        # A browser names it only when it asks another host than the page's own.
        must_have_origin=False,
    )


def _refuse(error: LiveError) -> JsonResponse:
    hub().presence.measured.errors[error.code] += 1
    log.info("live_refused", way="stream", code=error.code)
    body = {
        "type": "about:blank",
        "title": error.code,
        "status": error.status,
        "code": error.code,
        "detail": str(error),
    }
    response = JsonResponse(body, status=error.status, content_type="application/problem+json")
    if isinstance(error, NotAuthenticated):
        response["WWW-Authenticate"] = "Bearer"
    if error.retry_after:
        response["Retry-After"] = str(error.retry_after)
    return response
