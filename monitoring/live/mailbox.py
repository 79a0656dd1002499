"""Between the hub and one reader: one slot a topic, so that a slow reader costs nobody anything."""

import asyncio
import time
from collections.abc import Callable, Coroutine, Hashable
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Protocol

from monitoring.live.at_once import Rest, begin
from monitoring.live.framing import frame_of


@dataclass(frozen=True)
class Topic:
    """What can be followed: a name of the hub's sources, and which one of its things."""

    name: str
    key: Hashable


class State(Protocol):
    """Compared to know what is news: fields that only the clock changes are left out of it."""

    @property
    def is_final(self) -> bool:
        """Nothing comes after it."""


Form = Callable[[Any], str]


@dataclass(frozen=True, eq=False)
class Letter:
    """The state of a topic at one moment. Put into words once for each form, not each reader."""

    topic: Topic
    # A State: which one, its form knows.
    state: Any
    _texts: dict[Form, str] = field(default_factory=dict, repr=False)
    _frames: dict[Form, bytes] = field(default_factory=dict, repr=False)

    @cached_property
    def is_final(self) -> bool:
        """Asked for each reader."""
        return bool(self.state.is_final)

    def text(self, form: Form) -> str:
        if form not in self._texts:
            self._texts[form] = form(self.state)
        return self._texts[form]

    def frame(self, form: Form) -> bytes:
        """The same as a WebSocket's frame."""
        if form not in self._frames:
            self._frames[form] = frame_of(self.text(form))
        return self._frames[form]

    def parts(self) -> "tuple[Letter, ...]":
        """What a reader is told of it one by one, each once; itself where it is one thing."""
        return (self,)


# Passes a letter on to the reader; it waits while that one does not read.
Say = Callable[[Letter], Coroutine[Any, Any, None]]


class Mailbox:
    """A newer state replaces the one that was not taken yet; a final one is replaced by nothing.

    Belongs to one event loop: the hub puts, one reader takes, or is told.
    """

    def __init__(self) -> None:
        self._slots: dict[Topic, Letter] = {}
        self._over: set[Topic] = set()
        self._end: Exception | None = None
        self._filled = asyncio.Event()
        self._since = 0.0
        # Set while the reader is told nothing: then `put` may say a letter by itself.
        self._at_once: Say | None = None
        self._begun: Rest | None = None
        self._has_told_end = False

    def put(self, letter: Letter) -> None:
        if letter.topic in self._over or self._end is not None:
            return
        if letter.is_final:
            self._over.add(letter.topic)
        if self._at_once is not None:
            self._say_now(self._at_once, letter)
            return
        if not self._slots:
            self._since = time.monotonic()
        self._slots[letter.topic] = letter
        self._filled.set()

    def has_room(self, topic: Topic) -> bool:
        return topic not in self._slots

    def untaken_seconds(self) -> float:
        """How long something has been lying here; 0 when nothing does."""
        return time.monotonic() - self._since if self._slots else 0.0

    def end(self, error: Exception) -> None:
        """Nothing more, also not what lies here: the reader hears why."""
        self._slots.clear()
        self._end = self._end or error
        self._filled.set()

    async def take(self) -> Letter:
        """The topic that waits longest. Raises the error of `end`."""
        while True:
            if self._end is not None:
                raise self._end
            if self._slots:
                self._since = time.monotonic()
                return self._slots.pop(next(iter(self._slots)))
            self._filled.clear()
            await self._filled.wait()

    async def tell(self, say: Say) -> None:
        """Say each letter, to the final one. Raises what `say` raises, and the error of `end`.

        To wake a reader costs more than what it says: `put` says it where nothing is waiting
        before it. A reader that has to wait does so here, and finds the newest state then.
        """
        try:
            while not self._has_told_end:
                await self._nothing_to_say(say)
                if self._begun is not None:
                    begun, self._begun = self._begun, None
                    await begun
                elif not self._has_told_end:
                    letter = await self.take()
                    await say(letter)
                    self._has_told_end = letter.is_final
        finally:
            if self._begun is not None:
                self._begun.close()

    async def _nothing_to_say(self, say: Say) -> None:
        """Let `put` say what comes, until something is left to the reader's own task."""
        if self._slots or self._end is not None:
            return
        self._filled.clear()
        self._at_once = say
        try:
            await self._filled.wait()
        finally:
            self._at_once = None

    def _say_now(self, say: Say, letter: Letter) -> None:
        try:
            self._begun = begin(say(letter))
        except Exception as error:  # noqa: BLE001 - it is this reader's alone
            self.end(error)
            return
        self._has_told_end = letter.is_final
        if self._begun is not None or self._has_told_end:
            self._at_once = None
            self._filled.set()
