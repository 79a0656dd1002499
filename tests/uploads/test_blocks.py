"""A body in blocks: of a size that all who send share, and with an end to silence."""

import asyncio
from contextlib import AsyncExitStack, aclosing
from typing import Any

import pytest

from uploads.errors import TooSlow
from uploads.ingest import blocks as module
from uploads.ingest.blocks import ALL_BYTES, LARGEST, SMALLEST, Disconnected, blocks

MESSAGE = 64 << 10


async def endless() -> dict[str, Any]:
    return {"type": "http.request", "body": bytes(MESSAGE), "more_body": True}


async def sizes_with(senders: int) -> list[int]:
    """Of the second block of each, when all of them have begun."""
    async with AsyncExitStack() as ends:
        coming = [await ends.enter_async_context(aclosing(blocks(endless))) for _ in range(senders)]
        for one in coming:
            await anext(one)
        return [len(await anext(one)) for one in coming]


async def test_one_has_the_largest() -> None:
    assert await sizes_with(1) == [LARGEST]


async def test_many_share_the_memory() -> None:
    sizes = await sizes_with(20)
    assert len(set(sizes)) == 1
    assert sum(sizes) <= ALL_BYTES + 20 * MESSAGE
    assert set(await sizes_with(200)) == {SMALLEST}
    # Who ended, also amid its body, takes part no more.
    assert await sizes_with(1) == [LARGEST]


async def test_who_goes_amid_its_body_leaves_its_share() -> None:
    said: list[dict[str, Any]] = [
        {"type": "http.disconnect"},
        {"type": "http.request", "body": b"a", "more_body": True},
    ]

    async def receive() -> dict[str, Any]:
        return said.pop()

    came = b""
    with pytest.raises(Disconnected):
        async for block in blocks(receive):
            came += block
    assert came == b"a"
    assert await sizes_with(1) == [LARGEST]


async def test_silence_ends_a_body(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "LOOK_SECONDS", 0.01)
    monkeypatch.setattr(module, "IDLE_SECONDS", 0.03)
    messages = [{"type": "http.request", "body": b"abc", "more_body": True}]

    async def receive() -> dict[str, Any]:
        if messages:
            return messages.pop()
        await asyncio.sleep(60)
        raise AssertionError

    came = b""
    with pytest.raises(TooSlow):
        async for block in blocks(receive):
            came += block
    assert came == b"abc"
