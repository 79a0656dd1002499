"""Tracked files as topics: one each."""

import uuid
from collections.abc import Collection

from monitoring.events.selectors import Cursor, Happening
from monitoring.live.access import Credential, still_visible
from monitoring.live.following import Pace
from monitoring.live.mailbox import Letter, Topic
from monitoring.live.states import read_files

FILES = "file"


def file_topic(file_id: uuid.UUID | str) -> Topic:
    return Topic(FILES, str(file_id))


class Files:
    pace = Pace()

    def touched_by(self, event: Happening, followed: set[Topic]) -> Collection[Topic]:
        topic = file_topic(event.subject)
        return {topic} if event.topic == FILES and topic in followed else ()

    def woken_by(self, subjects: list[str], followed: set[Topic]) -> Collection[Topic]:
        return {file_topic(subject) for subject in subjects} & followed

    def read(self, topics: Collection[Topic], place: Cursor) -> dict[Topic, Letter]:  # noqa: ARG002
        states = read_files(uuid.UUID(str(topic.key)) for topic in topics)
        letters = {file_topic(pk): state for pk, state in states.items()}
        return {topic: Letter(topic, state) for topic, state in letters.items()}

    def visible(self, credential: Credential, topics: Collection[Topic]) -> set[Topic]:
        seen = still_visible(credential, [uuid.UUID(str(topic.key)) for topic in topics])
        return {file_topic(pk) for pk in seen}
