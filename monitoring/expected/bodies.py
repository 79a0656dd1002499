"""Pings carry a log of any length: only as much of it is read as is kept.

Django writes every body to disk before a view sees it; this stands in front of it.
"""

from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from monitoring.expected.runs import LONGEST_LOG

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
# Django's own handler says `dict` where others say less: each takes what the other gives.
App = Callable[[Any, Any, Any], Awaitable[None]]
PREFIX = "/ping/"


def with_short_pings(app: App) -> App:
    """The application, to which the body of a ping ends where what is kept of it ends."""

    async def answer(scope: MutableMapping[str, Any], receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or not scope["path"].startswith(PREFIX):
            await app(scope, receive, send)
            return
        await app(scope, _shortened(receive), send)

    return answer


def _shortened(receive: Receive) -> Receive:
    left, ended = LONGEST_LOG, False

    async def read() -> Message:
        nonlocal left, ended
        message = await receive()
        # Behind the end Django waits to hear that the client has gone, and for nothing else.
        while ended and message["type"] == "http.request":
            message = await receive()
        if message["type"] != "http.request":
            return message
        body = message.get("body", b"")[:left]
        left -= len(body)
        ended = left == 0 or not message.get("more_body", False)
        return {**message, "body": body, "more_body": not ended}

    return read
