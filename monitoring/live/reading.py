"""One look at the database for a whole process: new events, and the rows that somebody follows.

A source says what its topics are and reads many of them at once; more kinds of topics (the
queue, numbers, the dashboard) are more sources.
"""

import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Protocol

from monitoring.events.selectors import MOST, Cursor, Happening, events_after, horizon
from monitoring.live.access import Credential, still_visible
from monitoring.live.mailbox import Letter, Topic
from monitoring.live.states import read_files


class Source(Protocol):
    """Its methods run in a thread and MAY ask the database, a bounded number of times."""

    def touched_by(self, event: Happening) -> Topic | None:
        """Which topic an event speaks of."""

    def read(self, topics: Iterable[Topic]) -> dict[Topic, Letter]:
        """The present state of each. A topic that is gone is left out."""

    def visible(self, credential: Credential, topics: Iterable[Topic]) -> set[Topic]:
        """Which of them the holder may still see. Raises NotAuthenticated."""


FILES = "file"


class Files:
    def touched_by(self, event: Happening) -> Topic | None:
        return file_topic(event.subject) if event.topic == FILES else None

    def read(self, topics: Iterable[Topic]) -> dict[Topic, Letter]:
        states = read_files(uuid.UUID(topic.key) for topic in topics)
        letters = {file_topic(pk): state for pk, state in states.items()}
        return {topic: Letter(topic, state) for topic, state in letters.items()}

    def visible(self, credential: Credential, topics: Iterable[Topic]) -> set[Topic]:
        seen = still_visible(credential, [uuid.UUID(topic.key) for topic in topics])
        return {file_topic(pk) for pk in seen}


SOURCES: dict[str, Source] = {FILES: Files()}


def file_topic(file_id: uuid.UUID | str) -> Topic:
    return Topic(FILES, str(file_id))


@dataclass(frozen=True)
class Reading:
    """`letters` has None for a topic that is gone. `has_more`: events were left for the next."""

    place: Cursor
    letters: dict[Topic, Letter | None]
    has_more: bool


def read_once(place: Cursor | None, wanted: set[Topic], followed: set[Topic]) -> Reading:
    """What is new after `place`: these topics, and whichever followed ones the events name.

    Events first: the rows that are read then are at least as new.
    """
    if place is None:
        place, events = horizon(), []
    else:
        events = events_after(place)
    touched = {SOURCES[event.topic].touched_by(event) for event in events if event.topic in SOURCES}
    wanted = wanted | {topic for topic in touched if topic in followed}
    letters: dict[Topic, Letter | None] = dict.fromkeys(wanted)
    for name, source in SOURCES.items():
        mine = [topic for topic in wanted if topic.name == name]
        if mine:
            letters.update(source.read(mine))
    return Reading(events[-1].cursor if events else place, letters, len(events) == MOST)


def visible_topics(credential: Credential, topics: set[Topic]) -> set[Topic]:
    """Raises NotAuthenticated."""
    seen: set[Topic] = set()
    for name, source in SOURCES.items():
        mine = [topic for topic in topics if topic.name == name]
        if mine:
            seen |= source.visible(credential, mine)
    return seen
