"""What an event stream says once Django has answered how it begins: it goes around Django.

Inside, each open stream held a thread and its whole request, and every word passed five generators.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest

from monitoring.live.admission import Admission
from monitoring.live.channels import Channel
from monitoring.live.errors import LiveError, Restarting
from monitoring.live.hub import hub
from monitoring.live.mailbox import Letter, Say
from monitoring.live.messages import error_message, flat, stream_event
from monitoring.live.telling import tell_to_the_end

KEEP_OPEN_SECONDS = 15.0
KEEP_OPEN = ": still here\n\n"

Message = dict[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
# Django's own handler says `dict` where others say less: each takes what the other gives.
App = Callable[[Any, Any, Any], Awaitable[None]]

# Where in the request's scope the view leaves who listens to what.
_PLACE = "holdfast.opened"


@dataclass(frozen=True)
class Opened:
    channel: Channel
    admission: Admission


def open_stream(request: HttpRequest, opened: Opened) -> None:
    """The view's answer is only the beginning of this stream."""
    scope: Message = getattr(request, "scope", {})
    scope.get(_PLACE, []).append(opened)


def with_event_streams(app: App) -> App:
    """The application, whose answers go on with what was opened on the way."""

    async def answer(scope: Message, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or not scope["path"].startswith("/downloads/"):
            await app(scope, receive, send)
            return
        opened: list[Opened] = []

        async def send_beginning(message: Message) -> None:
            if not opened:
                await send(message)
            elif message["type"] == "http.response.start":
                await send({**message, "headers": _without_length(message["headers"])})

        await app({**scope, _PLACE: opened}, receive, send_beginning)
        for one in opened:
            await _stream(one, receive, send)

    return answer


def _without_length(headers: list[tuple[bytes, bytes]]) -> list[tuple[bytes, bytes]]:
    return [(name, value) for name, value in headers if name.lower() != b"content-length"]


async def _stream(opened: Opened, receive: Receive, send: Send) -> None:
    """To the end of what it follows, or until the other side is gone or is sent away."""
    telling = asyncio.create_task(_tell(opened, send))
    others = [asyncio.create_task(_until_gone(receive)), asyncio.create_task(_keep_open(send))]
    try:
        await asyncio.wait({telling, *others}, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in others:
            task.cancel()
        has_ended = telling.done() and not telling.cancelled()
        telling.cancel()
        await asyncio.gather(telling, *others, return_exceptions=True)
    if has_ended:
        telling.result()
        await send({"type": "http.response.body", "body": b"", "more_body": False})


async def _until_gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


async def _keep_open(send: Send) -> None:
    while True:
        await asyncio.sleep(KEEP_OPEN_SECONDS)
        await _say(send, KEEP_OPEN)


async def _tell(opened: Opened, send: Send) -> None:
    try:
        await tell_to_the_end(
            opened.channel,
            opened.admission,
            way="stream",
            greet=lambda message: _say(send, stream_event(flat(message))),
            say=_in_words(opened.channel, send),
            give_up=_end_of_this_task(),
        )
    except Restarting:
        # An end without a word: the reader connects again by itself.
        return
    except LiveError as error:
        hub().presence.measured.errors[error.code] += 1
        await _say(send, stream_event(flat(error_message(error))))


def _end_of_this_task() -> Callable[[], object]:
    """A stream whose reader takes nothing waits in the server's hands: only so it ends."""
    task = asyncio.current_task()
    return task.cancel if task is not None else lambda: None


def _in_words(channel: Channel, send: Send) -> Say:
    messages = hub().presence.measured.messages

    async def say(letter: Letter) -> None:
        await _say(send, letter.text(channel.stream_form))
        messages["stream"] += 1

    return say


async def _say(send: Send, text: str) -> None:
    await send({"type": "http.response.body", "body": text.encode(), "more_body": True})
