"""The event streams (Server-Sent Events), for who cannot or will not open a WebSocket."""

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import Any

import structlog
from asgiref.sync import sync_to_async
from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.db import Error as DatabaseError
from django.db import connections
from django.http import HttpRequest, HttpResponse, JsonResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.views.decorators.http import require_GET

from monitoring.live.admission import Admission, Knock, admit
from monitoring.live.channels import (
    DASHBOARD_CHANNEL,
    DOWNLOADS_CHANNEL,
    QUEUE_CHANNEL,
    STATS_CHANNEL,
    Channel,
    Wish,
)
from monitoring.live.errors import LiveError, NotAuthenticated, Restarting, Unavailable
from monitoring.live.following import Subscription
from monitoring.live.hub import hub
from monitoring.live.mailbox import Mailbox
from monitoring.live.messages import error_message, established, flat, reset, stream_event

log = structlog.get_logger(__name__)

KEEP_OPEN_SECONDS = 15.0
KEEP_OPEN = ": still here\n\n"

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
        response = StreamingHttpResponse(
            follow(channel, admission), content_type="text/event-stream; charset=utf-8"
        )
        response["Cache-Control"] = "no-cache"
        response["X-Accel-Buffering"] = "no"
        return response

    return view


download_stream, queue_stream, stats_stream, dashboard_stream = map(
    stream_of, (DOWNLOADS_CHANNEL, QUEUE_CHANNEL, STATS_CHANNEL, DASHBOARD_CHANNEL)
)


async def follow(channel: Channel, admission: Admission) -> AsyncIterator[str]:
    """The text of the stream, to the end of what it follows or until it is cancelled."""
    # The middlewares have asked the database in the request's own thread.
    await sync_to_async(connections.close_all)()
    there, mailbox, start = hub(), Mailbox(), admission.start
    try:
        with there.presence.present(
            channel=channel.name,
            way="stream",
            user=admission.user,
            address=admission.address,
            others=admission.others,
        ):
            there.came(channel.name, "stream", user=admission.user, resumes=admission.resumes)
            subscription = Subscription(
                start.topic, mailbox, admission.credential, _end_of_this_task()
            )
            there.subscribe(subscription)
            try:
                yield stream_event(flat(established(start.established)))
                if start.is_reset:
                    yield stream_event(flat(reset(start.established)))
                async for text in _tell(channel, mailbox):
                    yield text
            finally:
                # Also when the reader is gone: Django cancels the stream then.
                there.unsubscribe(subscription)
    except Restarting:
        # An end without a word: the reader connects again by itself.
        return
    except LiveError as error:
        there.presence.measured.errors[error.code] += 1
        yield stream_event(flat(error_message(error)))


async def _tell(channel: Channel, mailbox: Mailbox) -> AsyncIterator[str]:
    messages = hub().presence.measured.messages
    while True:
        try:
            async with asyncio.timeout(KEEP_OPEN_SECONDS):
                letter = await mailbox.take()
        except TimeoutError:
            yield KEEP_OPEN
            continue
        yield letter.text(channel.stream_form)
        messages["stream"] += 1
        if letter.state.is_final:
            return


def _end_of_this_task() -> Callable[[], object]:
    """A stream whose reader takes nothing waits in the server's hands: only so it ends."""
    task = asyncio.current_task()
    return task.cancel if task is not None else lambda: None


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
