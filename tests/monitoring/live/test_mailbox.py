"""The box of one reader: said within `put` where it may be, and what a slow reader finds."""

import asyncio
from dataclasses import dataclass

import pytest

from monitoring.live.errors import NotAllowed
from monitoring.live.mailbox import Letter, Mailbox, Topic


@dataclass(frozen=True)
class Number:
    value: int
    is_final: bool = False


class Reader:
    """What it was told; while `reads` is cleared it takes nothing, as a full pipe does."""

    def __init__(self, mailbox: Mailbox) -> None:
        self.told: list[int] = []
        self.at_it = 0
        self.reads = asyncio.Event()
        self.reads.set()
        self.fails: Exception | None = None
        self.task = asyncio.create_task(mailbox.tell(self._say))

    async def _say(self, letter: Letter) -> None:
        self.at_it += 1
        try:
            await self.reads.wait()
        finally:
            self.at_it -= 1
        if self.fails is not None:
            raise self.fails
        self.told.append(letter.state.value)


def put(mailbox: Mailbox, value: int, *, is_final: bool = False, topic: str = "t") -> None:
    mailbox.put(Letter(Topic(topic, 1), Number(value, is_final)))


async def settle() -> None:
    for _ in range(5):
        await asyncio.sleep(0)


async def test_what_comes_is_said_at_once_in_its_order() -> None:
    mailbox = Mailbox()
    put(mailbox, 1)
    reader = Reader(mailbox)
    await settle()
    assert reader.told == [1]
    for value in range(2, 6):
        put(mailbox, value)
        # Nobody was waited for.
        assert reader.told[-1] == value
    assert mailbox.untaken_seconds() == 0
    put(mailbox, 6, is_final=True)
    put(mailbox, 7)
    await asyncio.wait_for(reader.task, 1)
    assert reader.told == [1, 2, 3, 4, 5, 6]


async def test_a_slow_reader_finds_the_newest_after_what_was_begun() -> None:
    mailbox = Mailbox()
    reader = Reader(mailbox)
    await settle()
    reader.reads.clear()
    for value in range(1, 100):
        put(mailbox, value)
    await settle()
    put(mailbox, 100, topic="other")
    assert reader.told == []
    assert mailbox.untaken_seconds() > 0
    reader.reads.set()
    await settle()
    assert reader.told == [1, 99, 100]
    put(mailbox, 101)
    assert reader.told[-1] == 101
    reader.task.cancel()


async def test_a_final_state_waits_for_a_slow_reader() -> None:
    mailbox = Mailbox()
    reader = Reader(mailbox)
    await settle()
    reader.reads.clear()
    put(mailbox, 1, is_final=True)
    await settle()
    assert not reader.task.done()
    reader.reads.set()
    await asyncio.wait_for(reader.task, 1)
    assert reader.told == [1]


@pytest.mark.parametrize("is_slow", [False, True])
async def test_an_error_is_the_readers_alone(is_slow: bool) -> None:
    mailbox, other = Mailbox(), Mailbox()
    reader, neighbour = Reader(mailbox), Reader(other)
    await settle()
    reader.fails = OSError("gone")
    if is_slow:
        reader.reads.clear()
    for box in (mailbox, other):
        put(box, 1)
    reader.reads.set()
    with pytest.raises(OSError, match="gone"):
        await asyncio.wait_for(reader.task, 1)
    assert neighbour.told == [1]
    put(mailbox, 2)
    neighbour.task.cancel()


async def test_the_end_is_heard_instead_of_what_was_waiting() -> None:
    mailbox = Mailbox()
    reader = Reader(mailbox)
    await settle()
    reader.reads.clear()
    put(mailbox, 1)
    put(mailbox, 2)
    mailbox.end(NotAllowed())
    put(mailbox, 3)
    reader.reads.set()
    with pytest.raises(NotAllowed):
        await asyncio.wait_for(reader.task, 1)
    assert reader.told == [1]


@pytest.mark.parametrize("has_been_woken", [False, True])
async def test_who_leaves_in_the_middle_leaves_nothing_behind(has_been_woken: bool) -> None:
    mailbox = Mailbox()
    reader = Reader(mailbox)
    await settle()
    reader.reads.clear()
    put(mailbox, 1)
    if has_been_woken:
        await settle()
    reader.task.cancel()
    assert reader.at_it == 1
    with pytest.raises(asyncio.CancelledError):
        await reader.task
    put(mailbox, 2)
    assert reader.at_it == 0
    assert reader.told == []
