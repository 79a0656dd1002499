"""The event streams (Server-Sent Events), for who cannot or will not open a WebSocket."""

import asyncio
from collections.abc import AsyncIterator

from asgiref.sync import sync_to_async
from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.db import Error as DatabaseError
from django.db import connections
from django.http import HttpRequest, HttpResponse, JsonResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.views.decorators.http import require_GET

from monitoring.live.access import Credential, identify
from monitoring.live.errors import LiveError, NotAuthenticated, Restarting, Unavailable
from monitoring.live.following import Subscription
from monitoring.live.hub import hub
from monitoring.live.mailbox import Mailbox
from monitoring.live.messages import (
    error_message,
    established,
    flat,
    reset,
    stream_event,
    stream_update,
)
from monitoring.live.reading import file_topic
from monitoring.live.resume import Start, start_following

KEEP_OPEN_SECONDS = 15.0
KEEP_OPEN = ": still here\n\n"


# It answers 401 itself: a program that listens has no use for the login page.
@login_not_required
@require_GET
async def download_stream(request: HttpRequest, download_id: str) -> HttpResponseBase:
    """`/downloads/{id}/stream`. Answers 204 to who comes back after the end."""
    try:
        # In the request's own thread, which has a connection already: if each request held one
        # while it waits for a second, the pool would be empty for ever.
        credential, start = await sync_to_async(_admit)(request, download_id)
    except DatabaseError:
        return _refuse(Unavailable())
    except LiveError as error:
        return _refuse(error)
    if start.has_seen_end:
        return HttpResponse(status=204)
    response = StreamingHttpResponse(
        follow(credential, start), content_type="text/event-stream; charset=utf-8"
    )
    response["Cache-Control"] = "no-cache"
    response["X-Accel-Buffering"] = "no"
    return response


async def follow(credential: Credential, start: Start) -> AsyncIterator[str]:
    """The text of the stream, to the end of what it follows or until it is cancelled."""
    # The middlewares have asked the database in the request's own thread.
    await sync_to_async(connections.close_all)()
    mailbox = Mailbox()
    subscription = Subscription(file_topic(start.file_id), mailbox, credential)
    hub().subscribe(subscription)
    try:
        yield stream_event(flat(established(str(start.file_id))))
        if start.is_reset:
            yield stream_event(flat(reset(str(start.file_id))))
        while True:
            try:
                async with asyncio.timeout(KEEP_OPEN_SECONDS):
                    letter = await mailbox.take()
            except TimeoutError:
                yield KEEP_OPEN
                continue
            yield letter.text(stream_update)
            if letter.state.is_final:
                return
    except Restarting:
        # An end without a word: the reader connects again by itself.
        return
    except LiveError as error:
        yield stream_event(flat(error_message(error)))
    finally:
        # Also when the reader is gone: Django cancels the stream then.
        hub().unsubscribe(subscription)


def _admit(request: HttpRequest, download_id: str) -> tuple[Credential, Start]:
    """Raises LiveError."""
    user, credential = identify(
        authorization=request.headers.get("Authorization", ""),
        session=request.COOKIES.get(settings.SESSION_COOKIE_NAME, ""),
        origin=request.headers.get("Origin"),
        host=request.headers.get("Host", ""),
        # A browser names it only when it asks another host than the page's own.
        must_have_origin=False,
    )
    since = request.headers.get("Last-Event-ID", "") or request.GET.get("since", "")
    return credential, start_following(actor=user, download_id=download_id, since=since)


def _refuse(error: LiveError) -> JsonResponse:
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
    return response
