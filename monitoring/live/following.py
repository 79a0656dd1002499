"""Who follows a topic, and what they were told of it last."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from monitoring.live.access import Credential
from monitoring.live.errors import LiveError
from monitoring.live.mailbox import Letter, Mailbox, Topic


@dataclass(frozen=True, eq=False)
class Subscription:
    """One reader's interest in one topic, with the proof by which it may."""

    topic: Topic
    mailbox: Mailbox
    credential: Credential


@dataclass
class Followed:
    """A topic that somebody follows. `waiting` have not been told its state yet."""

    subscriptions: set[Subscription] = field(default_factory=set)
    waiting: set[Subscription] = field(default_factory=set)
    last: Letter | None = None

    def wants_reading(self, *, reads_all: bool, has_changed: bool) -> bool:
        if self.waiting:
            return True
        if self.last is not None and self.last.state.is_final:
            # Its end is in every box.
            return False
        # For those who have not taken the last one yet, a look a second is enough.
        return reads_all or (
            has_changed and any(each.mailbox.has_room(each.topic) for each in self.subscriptions)
        )

    def take(self, letter: Letter) -> None:
        is_news = self.last is None or letter.state != self.last.state
        for subscription in self.subscriptions if is_news else self.waiting:
            subscription.mailbox.put(letter)
        self.last = letter


def end_all(subscriptions: Iterable[Subscription], error: LiveError) -> None:
    for subscription in subscriptions:
        subscription.mailbox.end(error)
