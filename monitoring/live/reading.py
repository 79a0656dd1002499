"""One look at the database for a whole process: new events, and what somebody follows.

A source says what its topics are and reads many of them at once (`files`, `numbers`, `notices`).
"""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Protocol

from monitoring.events.selectors import MOST, Cursor, Happening, events_after, horizon
from monitoring.live.access import Credential
from monitoring.live.files import FILES, Files
from monitoring.live.following import Pace
from monitoring.live.general import GENERAL, General
from monitoring.live.mailbox import Letter, Topic
from monitoring.live.numbers import DASHBOARD, QUEUE, STATS, Dashboards, Queues, Statistics


class Source(Protocol):
    """Its methods run in a thread and MAY ask the database, a bounded number of times."""

    pace: Pace

    def touched_by(self, event: Happening, followed: set[Topic]) -> Collection[Topic]:
        """Which of its followed topics an event speaks of."""

    def woken_by(self, subjects: list[str], followed: set[Topic]) -> Collection[Topic]:
        """Which of them a wake-up may speak of. Called in the event loop: it asks nothing."""

    def read(self, topics: Collection[Topic], place: Cursor) -> dict[Topic, Letter]:
        """The present state of each. A topic that is gone is left out."""

    def visible(self, credential: Credential, topics: Collection[Topic]) -> set[Topic]:
        """Which of them the holder may still see. Raises LiveError."""


SOURCES: dict[str, Source] = {
    FILES: Files(),
    QUEUE: Queues(),
    STATS: Statistics(),
    DASHBOARD: Dashboards(),
    GENERAL: General(),
}


@dataclass(frozen=True)
class Reading:
    """`letters` has None for a topic that is gone. `has_more`: events were left for the next.

    `touched` have changed and were not asked for: they are to be read when it is their turn.
    """

    place: Cursor
    letters: dict[Topic, Letter | None]
    has_more: bool
    touched: set[Topic]
    events: list[Happening]


def read_once(
    place: Cursor | None, wanted: set[Topic], followed: set[Topic], resting: Collection[Topic] = ()
) -> Reading:
    """What is new after `place`: these topics, and whichever followed ones the events name.

    Events first: the rows that are read then are at least as new. `resting` were just read.
    """
    if place is None:
        place, events = horizon(), []
    else:
        events = events_after(place)
    by_source = _by_source(followed)
    touched = {
        topic
        for event in events
        for name, topics in by_source.items()
        for topic in SOURCES[name].touched_by(event, topics)
    }
    later = (touched & set(resting)) - wanted
    wanted = wanted | (touched - later)
    here = events[-1].cursor if events else place
    letters: dict[Topic, Letter | None] = dict.fromkeys(wanted)
    for name, topics in _by_source(wanted).items():
        letters.update(SOURCES[name].read(topics, here))
    return Reading(here, letters, len(events) == MOST, later, events)


def visible_topics(credential: Credential, topics: set[Topic]) -> set[Topic]:
    """Raises LiveError."""
    seen: set[Topic] = set()
    for name, mine in _by_source(topics).items():
        seen |= SOURCES[name].visible(credential, mine)
    return seen


def _by_source(topics: set[Topic]) -> dict[str, set[Topic]]:
    found: dict[str, set[Topic]] = {}
    for topic in topics:
        found.setdefault(topic.name, set()).add(topic)
    return found
