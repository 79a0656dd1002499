"""Notices as topics: one for each set of companies, told one by one; with how many alerts wait,
for who asks for that."""

from collections.abc import Collection
from dataclasses import dataclass

from access.models import Membership, User
from access.policy import companies_where
from monitoring.alerts import ALERTS
from monitoring.alerts.selectors import MOST_COUNTED, waiting_by_company
from monitoring.events.selectors import Cursor, Happening
from monitoring.live.access import Credential
from monitoring.live.errors import RightsChanged
from monitoring.live.following import Pace
from monitoring.live.mailbox import Letter, Topic
from monitoring.notices.selectors import Shown, current_notices

GENERAL = "general"
SEE_ALERTS = "monitoring.view_alert"


@dataclass(frozen=True)
class Audience:
    """The companies whose notices somebody hears, besides those for all; None: every one's.

    `alerts`: those whose alerts are counted, too. None of them are for who did not ask.
    """

    companies: tuple[int, ...] | None
    alerts: tuple[int, ...] | None = ()


@dataclass(frozen=True)
class Waiting:
    """How many alerts wait for somebody. Told one by one, like a notice."""

    count: int
    id: str = "alerts"

    @property
    def is_final(self) -> bool:
        return False


@dataclass(frozen=True)
class Board:
    notices: tuple[Shown, ...]
    waiting: Waiting | None = None

    @property
    def is_final(self) -> bool:
        return False


class BoardLetter(Letter):
    def parts(self) -> tuple[Letter, ...]:
        assert isinstance(self.state, Board)
        # Made once for all readers, and so are their words.
        if "_parts" not in self.__dict__:
            counts = (self.state.waiting,) if self.state.waiting is not None else ()
            made = tuple(Letter(self.topic, one) for one in (*self.state.notices, *counts))
            object.__setattr__(self, "_parts", made)
        found: tuple[Letter, ...] = self.__dict__["_parts"]
        return found


class General:
    # A notice begins and ends by the clock: it is looked at also when nothing has changed.
    pace = Pace(every=2.0, least=0.2)

    def touched_by(self, event: Happening, followed: set[Topic]) -> Collection[Topic]:  # noqa: ARG002
        return ()

    def woken_by(self, subjects: list[str], followed: set[Topic]) -> Collection[Topic]:
        return followed if not {GENERAL, ALERTS}.isdisjoint(subjects) else ()

    def read(self, topics: Collection[Topic], place: Cursor) -> dict[Topic, Letter]:  # noqa: ARG002
        notices = current_notices()
        asked = any(audience_in(topic).alerts != () for topic in topics)
        counts = waiting_by_company() if asked else {}
        found: dict[Topic, Letter] = {}
        for topic in topics:
            audience = audience_in(topic)
            board = Board(tuple(heard(notices, audience)), waiting_for(audience, counts))
            found[topic] = BoardLetter(topic, board)
        return found

    def visible(self, credential: Credential, topics: Collection[Topic]) -> set[Topic]:
        user = credential.actor()
        for topic in topics:
            had = audience_in(topic)
            if had != audience_of(user, alerts=had.alerts != ()):
                raise RightsChanged
        return set(topics)


def heard(notices: list[Shown], audience: Audience) -> list[Shown]:
    return [
        one
        for one in notices
        if one.company is None or audience.companies is None or one.company in audience.companies
    ]


def waiting_for(audience: Audience, counts: dict[int | None, int]) -> Waiting | None:
    if audience.alerts == ():
        return None
    shown = counts if audience.alerts is None else audience.alerts
    return Waiting(min(MOST_COUNTED, sum(counts.get(company, 0) for company in shown)))


def audience_of(user: User, *, alerts: bool = False) -> Audience:
    counted = _counted(user) if alerts else ()
    if user.is_superuser:
        return Audience(None, counted)
    theirs = Membership.objects.filter(user=user).values_list("company_id", flat=True)
    return Audience(tuple(sorted(theirs)), counted)


def _counted(user: User) -> tuple[int, ...] | None:
    """As `visible_to` has it: superusers see those of the installation, too."""
    if user.is_superuser:
        return None if user.cap_grants(SEE_ALERTS) else ()
    seen = companies_where(user, SEE_ALERTS).order_by("pk").values_list("pk", flat=True)
    return tuple(seen)


def audience_in(topic: Topic) -> Audience:
    assert isinstance(topic.key, Audience)
    return topic.key
