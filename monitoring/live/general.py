"""Notices as topics: one for each set of companies, told one by one."""

from collections.abc import Collection
from dataclasses import dataclass

from access.models import Membership, User
from monitoring.events.selectors import Cursor, Happening
from monitoring.live.access import Credential
from monitoring.live.errors import RightsChanged
from monitoring.live.following import Pace
from monitoring.live.mailbox import Letter, Topic
from monitoring.notices.selectors import Shown, current_notices

GENERAL = "general"


@dataclass(frozen=True)
class Audience:
    """The companies whose notices somebody hears, besides those for all; None: every one's."""

    companies: tuple[int, ...] | None


@dataclass(frozen=True)
class Board:
    notices: tuple[Shown, ...]

    @property
    def is_final(self) -> bool:
        return False


class BoardLetter(Letter):
    def parts(self) -> tuple[Letter, ...]:
        assert isinstance(self.state, Board)
        # Made once for all readers, and so are their words.
        if "_parts" not in self.__dict__:
            made = tuple(Letter(self.topic, notice) for notice in self.state.notices)
            object.__setattr__(self, "_parts", made)
        found: tuple[Letter, ...] = self.__dict__["_parts"]
        return found


class General:
    # A notice begins and ends by the clock: it is looked at also when nothing has changed.
    pace = Pace(every=2.0, least=0.2)

    def touched_by(self, event: Happening, followed: set[Topic]) -> Collection[Topic]:  # noqa: ARG002
        return ()

    def woken_by(self, subjects: list[str], followed: set[Topic]) -> Collection[Topic]:
        return followed if GENERAL in subjects else ()

    def read(self, topics: Collection[Topic], place: Cursor) -> dict[Topic, Letter]:  # noqa: ARG002
        notices = current_notices()
        return {
            topic: BoardLetter(topic, Board(tuple(heard(notices, audience_in(topic)))))
            for topic in topics
        }

    def visible(self, credential: Credential, topics: Collection[Topic]) -> set[Topic]:
        audience = audience_of(credential.actor())
        if any(audience_in(topic) != audience for topic in topics):
            raise RightsChanged
        return set(topics)


def heard(notices: list[Shown], audience: Audience) -> list[Shown]:
    return [
        one
        for one in notices
        if one.company is None or audience.companies is None or one.company in audience.companies
    ]


def audience_of(user: User) -> Audience:
    if user.is_superuser:
        return Audience(None)
    theirs = Membership.objects.filter(user=user).values_list("company_id", flat=True)
    return Audience(tuple(sorted(theirs)))


def audience_in(topic: Topic) -> Audience:
    assert isinstance(topic.key, Audience)
    return topic.key
