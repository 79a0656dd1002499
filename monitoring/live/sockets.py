"""The WebSockets: plain ASGI applications that say what the hub puts into their mailbox."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any
from urllib.parse import parse_qs

import orjson
from django.conf import settings
from django.db import Error as DatabaseError
from django.http import parse_cookie

from monitoring.live.access import Credential, identify
from monitoring.live.errors import LiveError, NotFound, Unavailable
from monitoring.live.following import Subscription
from monitoring.live.hub import hub
from monitoring.live.mailbox import Mailbox
from monitoring.live.messages import error_message, established, reset, socket_update
from monitoring.live.reading import file_topic
from monitoring.live.resume import Start, start_following
from monitoring.live.threads import ask

Scope = dict[str, Any]
Receive = Callable[[], Awaitable[dict[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]

NORMAL = 1000


async def download_socket(scope: Scope, receive: Receive, send: Send) -> None:
    """`/ws/downloads/{id}`: the state of one file, then every change, to its end."""
    await _converse(scope, receive, send, _follow_download)


async def unknown_socket(scope: Scope, receive: Receive, send: Send) -> None:
    async def refuse(_scope: Scope, _send: Send) -> None:
        raise NotFound

    await _converse(scope, receive, send, refuse)


async def _converse(
    scope: Scope, receive: Receive, send: Send, tell: Callable[[Scope, Send], Awaitable[None]]
) -> None:
    """Accept, tell until the end or until the other side is gone, and close with the reason."""
    if (await receive())["type"] != "websocket.connect":
        return
    await send({"type": "websocket.accept"})
    gone = asyncio.create_task(_until_gone(receive))
    telling = asyncio.create_task(_tell_to_the_end(scope, send, tell))
    try:
        await asyncio.wait({gone, telling}, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in (gone, telling):
            task.cancel()
        await asyncio.gather(gone, telling, return_exceptions=True)


async def _until_gone(receive: Receive) -> None:
    # What a client says is not asked for, and not kept.
    while (await receive())["type"] != "websocket.disconnect":
        pass


async def _tell_to_the_end(
    scope: Scope, send: Send, tell: Callable[[Scope, Send], Awaitable[None]]
) -> None:
    close, reason = NORMAL, ""
    try:
        try:
            await tell(scope, send)
        except DatabaseError as error:
            raise Unavailable from error
    except LiveError as error:
        close, reason = error.close, error.code
        await _say(send, error_message(error))
    except OSError:  # The other side is gone.
        return
    await send({"type": "websocket.close", "code": close, "reason": reason})


async def _follow_download(scope: Scope, send: Send) -> None:
    credential, start = await ask(_admit, scope)
    mailbox = Mailbox()
    subscription = Subscription(file_topic(start.file_id), mailbox, credential)
    hub().subscribe(subscription)
    try:
        await _say(send, established(str(start.file_id)))
        if start.is_reset:
            await _say(send, reset(str(start.file_id)))
        while True:
            letter = await mailbox.take()
            await send({"type": "websocket.send", "text": letter.text(socket_update)})
            if letter.state.is_final:
                return
    finally:
        hub().unsubscribe(subscription)


def _admit(scope: Scope) -> tuple[Credential, Start]:
    """Raises LiveError."""
    headers = {name.lower(): value.decode("latin-1") for name, value in scope["headers"]}
    cookies = parse_cookie(headers.get(b"cookie", ""))
    user, credential = identify(
        authorization=headers.get(b"authorization", ""),
        session=cookies.get(settings.SESSION_COOKIE_NAME, ""),
        origin=headers.get(b"origin"),
        host=headers.get(b"host", ""),
        must_have_origin=True,
    )
    query = parse_qs(scope.get("query_string", b"").decode("latin-1"))
    since = headers.get(b"last-event-id") or query.get("since", [""])[-1]
    download_id = scope["url_route"]["kwargs"]["download_id"]
    return credential, start_following(actor=user, download_id=download_id, since=since)


async def _say(send: Send, message: Any) -> None:
    await send({"type": "websocket.send", "text": orjson.dumps(message).decode()})
