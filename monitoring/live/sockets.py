"""The WebSockets: plain ASGI applications that say what the hub puts into their mailbox."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Any
from urllib.parse import parse_qs

import orjson
import structlog
from django.conf import settings
from django.db import Error as DatabaseError
from django.http import parse_cookie

from monitoring.live.admission import Knock, admit
from monitoring.live.channels import (
    DASHBOARD_CHANNEL,
    DOWNLOADS_CHANNEL,
    GENERAL_CHANNEL,
    QUEUE_CHANNEL,
    STATS_CHANNEL,
    Channel,
    Wish,
)
from monitoring.live.errors import LiveError, MessageTooBig, NotFound, Throttled, Unavailable
from monitoring.live.framing import FRAME
from monitoring.live.hub import hub
from monitoring.live.mailbox import Letter, Say, State
from monitoring.live.messages import error_message
from monitoring.live.telling import tell_to_the_end
from monitoring.live.threads import ask

log = structlog.get_logger(__name__)

Scope = dict[str, Any]
Receive = Callable[[], Awaitable[dict[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]
Application = Callable[[Scope, Receive, Send], Awaitable[None]]

NORMAL = 1000
# Nothing is expected from who listens; words to keep the connection alive are let pass.
LONGEST_WORD = 4096
MOST_WORDS = 60
WORDS_SECONDS = 60.0


def socket_of(channel: Channel) -> Application:
    """`/ws/…`: the present state, then every change."""

    async def application(scope: Scope, receive: Receive, send: Send) -> None:
        await _converse(scope, receive, send, lambda: _follow(channel, scope, send))

    return application


async def unknown_socket(scope: Scope, receive: Receive, send: Send) -> None:
    async def refuse() -> None:
        raise NotFound

    await _converse(scope, receive, send, refuse)


download_socket, queue_socket, stats_socket, dashboard_socket, general_socket = map(
    socket_of,
    (DOWNLOADS_CHANNEL, QUEUE_CHANNEL, STATS_CHANNEL, DASHBOARD_CHANNEL, GENERAL_CHANNEL),
)


async def _converse(
    scope: Scope, receive: Receive, send: Send, tell: Callable[[], Awaitable[None]]
) -> None:
    """Accept, tell until the end or until the other side is gone, and close with the reason."""
    if (await receive())["type"] != "websocket.connect":
        return
    await send({"type": "websocket.accept"})
    telling = asyncio.create_task(_tell_to_the_end(scope, send, tell))
    gone = asyncio.create_task(_until_gone(receive))
    try:
        await asyncio.wait({gone, telling}, return_when=asyncio.FIRST_COMPLETED)
        error = gone.result() if gone.done() else None
        if error is not None and not telling.done():
            telling.cancel()
            await asyncio.gather(telling, return_exceptions=True)
            await _refuse(scope, send, error)
    finally:
        for task in (gone, telling):
            task.cancel()
        await asyncio.gather(gone, telling, return_exceptions=True)


async def _until_gone(receive: Receive) -> LiveError | None:
    """Until the other side is gone (None), or says more than it may."""
    words, since = 0, time.monotonic()
    while True:
        message = await receive()
        if message["type"] == "websocket.disconnect":
            return None
        if len(message.get("text") or message.get("bytes") or "") > LONGEST_WORD:
            return MessageTooBig()
        if time.monotonic() - since > WORDS_SECONDS:
            words, since = 0, time.monotonic()
        words += 1
        if words > MOST_WORDS:
            return Throttled()


async def _tell_to_the_end(scope: Scope, send: Send, tell: Callable[[], Awaitable[None]]) -> None:
    try:
        try:
            await tell()
        except DatabaseError as error:
            raise Unavailable from error
    except LiveError as error:
        await _refuse(scope, send, error)
    except OSError:  # The other side is gone.
        return
    else:
        await send({"type": "websocket.close", "code": NORMAL, "reason": ""})


async def _refuse(scope: Scope, send: Send, error: LiveError) -> None:
    hub().presence.measured.errors[error.code] += 1
    log.info("live_refused", way="socket", path=scope["path"], code=error.code)
    try:
        await _say(send, error_message(error))
        await send({"type": "websocket.close", "code": error.close, "reason": error.code})
    except (OSError, RuntimeError):
        return


async def _follow(channel: Channel, scope: Scope, send: Send) -> None:
    admission = await ask(admit, _knock(channel, scope))
    await tell_to_the_end(
        channel,
        admission,
        way="socket",
        greet=lambda message: _say(send, message),
        say=_in_words(channel, send),
    )


def _in_words(channel: Channel, send: Send) -> Say:
    told: set[State] = set()
    messages = hub().presence.measured.messages
    form = channel.socket_form

    async def say(letter: Letter) -> None:
        for part in letter.parts():
            if part is not letter and not channel.is_news(part.state, told):
                continue
            text, frame = part.text(form), part.frame(form)
            await send({"type": "websocket.send", "text": text, FRAME: frame})
            messages["socket"] += 1

    return say


def _knock(channel: Channel, scope: Scope) -> Knock:
    headers = {name.lower(): value.decode("latin-1") for name, value in scope["headers"]}
    query = parse_qs(scope.get("query_string", b"").decode("latin-1"))
    client = scope.get("client")
    return Knock(
        channel=channel,
        wish=Wish(
            download_id=scope["url_route"]["kwargs"].get("download_id", ""),
            since=headers.get(b"last-event-id") or query.get("since", [""])[-1],
            kinds=tuple(query.get("kind", ())),
            alerts=query.get("alerts", [""])[-1] == "1",
        ),
        address=client[0] if client else "",
        host=headers.get(b"host", ""),
        authorization=headers.get(b"authorization", ""),
        session=parse_cookie(headers.get(b"cookie", "")).get(settings.SESSION_COOKIE_NAME, ""),
        ticket=query.get("ticket", [""])[-1],
        origin=headers.get(b"origin"),
        must_have_origin=True,
    )


async def _say(send: Send, message: Any) -> None:
    await send({"type": "websocket.send", "text": orjson.dumps(message).decode()})
