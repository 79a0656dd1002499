"""From the socket to the writer: reading one block while the last is written.

However a request ends, what came until then is kept.
"""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import aclosing, asynccontextmanager
from typing import Any

from django.utils.translation import gettext as _

from uploads.errors import Busy
from uploads.ingest.asking import Asked
from uploads.ingest.blocks import Disconnected, Receive, blocks
from uploads.ingest.threads import ask, begin
from uploads.ingest.writing import Writer
from uploads.models import Part

# How long an older request has to save what it has.
YIELD_SECONDS = 5.0
GLANCE_SECONDS = 0.02


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
        async with aclosing(blocks(receive)) as coming:
            async for block in coming:
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
