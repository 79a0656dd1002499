"""Between the hub and one reader: one slot a topic, so that a slow reader costs nobody anything."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field

from monitoring.live.errors import LiveError
from monitoring.live.states import FileState


@dataclass(frozen=True)
class Topic:
    """What can be followed: a name of the hub's sources, and which one of its things."""

    name: str
    key: str


Form = Callable[[FileState], str]


@dataclass(frozen=True, eq=False)
class Letter:
    """The state of a topic at one moment. Put into words once for each form, not each reader."""

    topic: Topic
    state: FileState
    _texts: dict[Form, str] = field(default_factory=dict, repr=False)

    def text(self, form: Form) -> str:
        if form not in self._texts:
            self._texts[form] = form(self.state)
        return self._texts[form]


class Mailbox:
    """A newer state replaces the one that was not taken yet; a final one is replaced by nothing.

    Belongs to one event loop: the hub puts, one reader takes.
    """

    def __init__(self) -> None:
        self._slots: dict[Topic, Letter] = {}
        self._over: set[Topic] = set()
        self._end: LiveError | None = None
        self._filled = asyncio.Event()

    def put(self, letter: Letter) -> None:
        if letter.topic in self._over or self._end is not None:
            return
        if letter.state.is_final:
            self._over.add(letter.topic)
        self._slots[letter.topic] = letter
        self._filled.set()

    def has_room(self, topic: Topic) -> bool:
        return topic not in self._slots

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
                return self._slots.pop(next(iter(self._slots)))
            self._filled.clear()
            await self._filled.wait()
