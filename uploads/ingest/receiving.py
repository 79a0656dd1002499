"""From the socket to the writer: in blocks, reading one while the last is written.

Silence ends a request after `IDLE_SECONDS`; whatever came until then is kept.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

from django.utils.translation import gettext as _

from uploads.errors import Busy, TooSlow
from uploads.ingest.asking import Asked
from uploads.ingest.threads import ask, begin
from uploads.ingest.writing import Writer
from uploads.models import Part

Receive = Callable[[], Awaitable[dict[str, Any]]]

BLOCK_BYTES = 1 << 20
LOOK_SECONDS = 1.0
IDLE_SECONDS = 60.0
# How long an older request has to save what it has.
YIELD_SECONDS = 5.0
GLANCE_SECONDS = 0.02


class Disconnected(Exception):
    """The sender is gone: there is nobody to answer."""


async def of_living_sender(asked: Asked, receive: Receive) -> Receive:
    """The same messages. Raises Disconnected where the sender has gone while we were slow: its
    request must not take the turn from the one that it sent next."""
    if asked.header("expect"):
        return receive  # to look would call for the body, which may be refused yet
    try:
        async with asyncio.timeout(GLANCE_SECONDS):
            first = [await receive()]
    except TimeoutError:
        return receive
    if first[0]["type"] == "http.disconnect":
        raise Disconnected

    async def go_on() -> dict[str, Any]:
        return first.pop() if first else await receive()

    return go_on


async def blocks(receive: Receive) -> AsyncIterator[bytes]:
    """The body; an empty block when nothing comes for a second. Raises Disconnected, TooSlow."""
    held: list[bytes] = []
    size, silent = 0, 0.0
    while True:
        try:
            async with asyncio.timeout(LOOK_SECONDS):
                message = await receive()
        except TimeoutError:
            silent += LOOK_SECONDS
            yield b"".join(held)
            held, size = [], 0
            if silent >= IDLE_SECONDS:
                raise TooSlow(
                    _("Nothing came for a minute; what came until then is kept.")
                ) from None
            continue
        if message["type"] == "http.disconnect":
            yield b"".join(held)
            raise Disconnected
        silent = 0.0
        if body := message.get("body", b""):
            held.append(body)
            size += len(body)
        more = message.get("more_body", False)
        if size >= BLOCK_BYTES or not more:
            yield b"".join(held)
            held, size = [], 0
        if not more:
            return


@asynccontextmanager
async def writer_of(part: Part, *, offset: int | None) -> AsyncIterator[Writer]:
    """The one writer of the part. However the block ends, what came is saved.

    Raises Busy where the one before does not yield, and as `Writer.begin`.
    """
    writer = Writer(part.pk)
    try:
        await ask(writer.ask_turn)
        await _take(writer)
        await ask(writer.begin, offset=offset)
        while await ask(writer.catch_up):
            pass
        yield writer
    finally:
        # Also when we are cancelled: nothing may wait here.
        writer.close()


async def _take(writer: Writer) -> None:
    loop = asyncio.get_running_loop()
    end = loop.time() + YIELD_SECONDS
    while not await ask(writer.take):
        if loop.time() > end:
            raise Busy(_("Another request writes this file; try again in a moment."))
        await asyncio.sleep(0.05)


class Pump:
    """Gives blocks to a writer, one at a time, while the next one is read."""

    def __init__(self, writer: Writer) -> None:
        self._writer = writer
        self._writing: asyncio.Future[None] | None = None

    async def give(self, block: bytes) -> None:
        await self.settle()
        self._writing = begin(self._writer.write, block)

    async def settle(self) -> None:
        """Wait for the last one. Raises as `Writer.write`."""
        if self._writing is not None:
            writing, self._writing = self._writing, None
            await asyncio.shield(writing)


async def receive_into(
    writer: Writer, receive: Receive, *, look: Callable[[bytes], None] | None = None
) -> None:
    """All of the body into the writer; what came is saved however it ends."""
    pump = Pump(writer)
    try:
        async for block in blocks(receive):
            if look is not None:
                look(block)
            await pump.give(block)
        await pump.settle()
    except BaseException:
        await saved(writer, pump)
        raise


async def saved(writer: Writer, pump: Pump) -> None:
    """After a failure: nothing that this raises matters more."""
    for step in (pump.settle, lambda: ask(writer.save)):
        try:
            await step()
        except Exception:  # noqa: BLE001, S110 - the first failure is the one to tell
            pass
