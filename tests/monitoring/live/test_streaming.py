"""What goes around Django: the answer's beginning, comments, and how a stream ends."""

import asyncio
from collections.abc import Awaitable, Callable
from types import SimpleNamespace
from typing import Any

import pytest

from monitoring.files.models import TrackedFile
from monitoring.live import streaming
from monitoring.live.admission import Admission
from monitoring.live.channels import DOWNLOADS_CHANNEL, Start
from monitoring.live.errors import TooSlow
from monitoring.live.files import file_topic
from monitoring.live.hub import Hub
from monitoring.live.presence import Others
from monitoring.live.streaming import Opened, with_event_streams
from tests.config.waiting import within
from tests.monitoring.live.followers import NOBODY, running, write

__all__ = ["running"]

pytestmark = pytest.mark.django_db(transaction=True)

Send = Callable[[Any], Awaitable[None]]


class Exchange:
    """A request for a stream, and what came back, as a server of ASGI sees it."""

    def __init__(self, file: TrackedFile) -> None:
        self.start = Start(file_topic(file.pk), {"download_id": str(file.pk)})
        self.sent: list[dict[str, Any]] = []
        self.leaves = asyncio.Event()
        # Cleared: the other side does not read.
        self.reads = asyncio.Event()
        self.reads.set()
        self.task = asyncio.create_task(self._serve())

    async def _view(self, scope: Any, _receive: Any, send: Send) -> None:
        admission = Admission(NOBODY, 1, "::1", self.start, Others(0, 0))
        open_stream: Any = streaming.open_stream
        open_stream(SimpleNamespace(scope=scope), Opened(DOWNLOADS_CHANNEL, admission))
        headers = [(b"Content-Type", b"text/event-stream"), (b"Content-Length", b"0")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": b"", "more_body": False})

    async def _serve(self) -> None:
        async def receive() -> dict[str, Any]:
            await self.leaves.wait()
            return {"type": "http.disconnect"}

        async def send(message: dict[str, Any]) -> None:
            await self.reads.wait()
            self.sent.append(message)

        scope = {"type": "http", "path": "/downloads/x/stream"}
        await with_event_streams(self._view)(scope, receive, send)

    @property
    def text(self) -> str:
        return b"".join(message.get("body", b"") for message in self.sent).decode()

    async def until(self, words: str) -> None:
        async with within(10):
            while words not in self.text:
                await asyncio.sleep(0.02)

    async def ended(self) -> None:
        async with within(10):
            await self.task


async def test_a_comment_keeps_a_quiet_stream_open_and_leaving_ends_it(
    running: Hub, file: TrackedFile, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(streaming, "KEEP_OPEN_SECONDS", 0.1)
    exchange = Exchange(file)
    await exchange.until("\n: still here\n\n")
    assert "connection_established" in exchange.text.split("\n\n")[0]
    assert "progress_update" in exchange.text
    exchange.leaves.set()
    await exchange.ended()
    assert not running.is_followed
    assert all(message.get("more_body", True) for message in exchange.sent)


async def test_the_beginning_promises_no_length_and_the_end_is_said_once(
    running: Hub, file: TrackedFile
) -> None:
    exchange = Exchange(file)
    await exchange.until("progress_update")
    await write(file, status="completed", progress=100)
    await exchange.ended()
    assert exchange.sent[0]["headers"] == [(b"Content-Type", b"text/event-stream")]
    assert [message.get("more_body", True) for message in exchange.sent].count(False) == 1
    assert exchange.sent[-1] == {"type": "http.response.body", "body": b"", "more_body": False}
    assert "download_completed" in exchange.text
    assert not running.is_followed


async def test_who_does_not_read_is_given_up(running: Hub, file: TrackedFile) -> None:
    exchange = Exchange(file)
    await exchange.until("progress_update")
    exchange.reads.clear()
    await write(file, progress=10)
    (subscription,) = next(iter(running._followed.values())).subscriptions
    async with within(10):
        for progress in range(11, 100):
            # Another one each time: of two by turns the hub may always see the same.
            await write(file, progress=progress)
            await asyncio.sleep(0.1)
            if not subscription.mailbox.has_room(subscription.topic):
                break
    subscription.mailbox.end(TooSlow())
    subscription.give_up()
    await exchange.ended()
    assert not running.is_followed
    assert all(message.get("more_body", True) for message in exchange.sent)
