"""Between the hub and one reader: one slot a topic, so that a slow reader costs nobody anything."""

import asyncio
import time
from collections.abc import Callable, Hashable
from dataclasses import dataclass, field
from typing import Any, Protocol

from monitoring.live.errors import LiveError


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

    def text(self, form: Form) -> str:
        if form not in self._texts:
            self._texts[form] = form(self.state)
        return self._texts[form]

    def parts(self) -> "tuple[Letter, ...]":
        """What a reader is told of it one by one, each once; itself where it is one thing."""
        return (self,)


class Mailbox:
    """A newer state replaces the one that was not taken yet; a final one is replaced by nothing.

    Belongs to one event loop: the hub puts, one reader takes.
    """

    def __init__(self) -> None:
        self._slots: dict[Topic, Letter] = {}
        self._over: set[Topic] = set()
        self._end: LiveError | None = None
        self._filled = asyncio.Event()
        self._since = 0.0

    def put(self, letter: Letter) -> None:
        if letter.topic in self._over or self._end is not None:
            return
        if letter.state.is_final:
            self._over.add(letter.topic)
        if not self._slots:
            self._since = time.monotonic()
        self._slots[letter.topic] = letter
        self._filled.set()

    def has_room(self, topic: Topic) -> bool:
        return topic not in self._slots

    def untaken_seconds(self) -> float:
        """How long something has been lying here; 0 when nothing does."""
        return time.monotonic() - self._since if self._slots else 0.0

    def end(self, error: LiveError) -> None:
        """Nothing more, also not what lies here: the reader hears why."""
        self._slots.clear()
        self._end = self._end or error
        self._filled.set()

    async def take(self) -> Letter:
        """The topic that waits longest. Raises the LiveError of `end`."""
        while True:
            if self._end is not None:
                raise self._end
            if self._slots:
                self._since = time.monotonic()
                return self._slots.pop(next(iter(self._slots)))
            self._filled.clear()
            await self._filled.wait()
