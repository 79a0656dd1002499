"""Who follows a topic, and what they were told of it last."""

import math
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from monitoring.live.access import Credential
from monitoring.live.errors import LiveError
from monitoring.live.mailbox import Letter, Mailbox, Topic


@dataclass(frozen=True)
class Pace:
    """In seconds: how often a topic is read without being asked for, at most when something has
    changed, and after how long an unchanged state is told again (None: never)."""

    every: float = 1.0
    least: float = 0.0
    repeat: float | None = None


@dataclass(frozen=True, eq=False)
class Subscription:
    """One reader's interest in one topic, with the proof by which it may."""

    topic: Topic
    mailbox: Mailbox
    credential: Credential
    # Ends the reader that takes nothing any more, wherever it waits.
    give_up: Callable[[], object] = lambda: None


@dataclass
class Followed:
    """A topic that somebody follows. `waiting` have not been told its state yet."""

    subscriptions: set[Subscription] = field(default_factory=set)
    waiting: set[Subscription] = field(default_factory=set)
    last: Letter | None = None
    read_at: float = -math.inf
    told_at: float = -math.inf

    @property
    def is_over(self) -> bool:
        # Its end is in every box.
        return self.last is not None and self.last.is_final

    def due_at(self, pace: Pace, *, has_changed: bool) -> float:
        """When to read it next, by the monotonic clock."""
        if self.waiting:
            return -math.inf
        if self.is_over:
            return math.inf
        # For those who have not taken the last one yet, its usual turn is enough.
        if has_changed and any(each.mailbox.has_room(each.topic) for each in self.subscriptions):
            return self.read_at + pace.least
        return self.read_at + pace.every

    def take(self, letter: Letter, pace: Pace) -> int:
        """Put it where it is news; to how many."""
        now = self.read_at = time.monotonic()
        is_news = (
            self.last is None
            or letter.state != self.last.state
            or (pace.repeat is not None and now - self.told_at >= pace.repeat)
        )
        readers = self.subscriptions if is_news else self.waiting
        for subscription in readers:
            subscription.mailbox.put(letter)
        if is_news:
            self.told_at = now
        self.last = letter
        return len(readers)


def end_all(subscriptions: Iterable[Subscription], error: LiveError) -> None:
    for subscription in subscriptions:
        subscription.mailbox.end(error)
