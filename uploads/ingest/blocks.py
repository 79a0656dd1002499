"""A body from its socket, in blocks: the fewer send at the same time, the larger they are.

Silence ends a request after `IDLE_SECONDS`.
"""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from typing import Any

from django.utils.translation import gettext as _

from uploads.errors import TooSlow

Receive = Callable[[], Awaitable[dict[str, Any]]]

LOOK_SECONDS = 1.0
IDLE_SECONDS = 60.0
# A request holds up to three blocks: one that is written, one that waits, one that comes.
ALL_BYTES = 4 << 20
LARGEST = 1 << 20
SMALLEST = 128 << 10


class Disconnected(Exception):
    """The sender is gone: there is nobody to answer."""


class _Share:
    """How large blocks may be, by how many requests of this process have a body under way."""

    def __init__(self) -> None:
        self._senders = 0

    def __enter__(self) -> "_Share":
        self._senders += 1
        return self

    def __exit__(self, *_exc: object) -> None:
        self._senders -= 1

    @property
    def size(self) -> int:
        return max(SMALLEST, min(LARGEST, ALL_BYTES // max(self._senders, 1)))


_share = _Share()


async def blocks(receive: Receive) -> AsyncGenerator[bytes, None]:
    """The body; an empty block when nothing comes for a second. Raises Disconnected, TooSlow."""
    with _share as share:
        held: list[bytes] = []
        size, silent = 0, 0.0
        while True:
            try:
                async with asyncio.timeout(LOOK_SECONDS):
                    message = await receive()
            except TimeoutError:
                silent += LOOK_SECONDS
                yield _joined(held)
                size = 0
                if silent >= IDLE_SECONDS:
                    raise TooSlow(
                        _("Nothing came for a minute; what came until then is kept.")
                    ) from None
                continue
            if message["type"] == "http.disconnect":
                yield _joined(held)
                raise Disconnected
            silent = 0.0
            if body := message.get("body", b""):
                held.append(body)
                size += len(body)
            more = message.get("more_body", False)
            if size >= share.size or not more:
                yield _joined(held)
                size = 0
            if not more:
                return


def _joined(held: list[bytes]) -> bytes:
    """And nothing is held any more while the block is on its way."""
    block = b"".join(held)
    held.clear()
    return block
