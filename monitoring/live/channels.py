"""What can be listened to: for each channel where a reader starts, and the words of both forms."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from access.models import User
from access.policy import NotAllowed as RoleDoesNotAllow
from access.policy import require
from monitoring.figures.scopes import scope_of
from monitoring.live import messages
from monitoring.live.errors import NotAllowed
from monitoring.live.files import file_topic
from monitoring.live.general import GENERAL, audience_of
from monitoring.live.mailbox import Form, Topic
from monitoring.live.numbers import DASHBOARD, QUEUE, STATS, Asker
from monitoring.live.resume import start_following

FOLLOW = "monitoring.follow_files"


@dataclass(frozen=True)
class Start:
    """What a reader follows and is told first. `has_seen_end`: there is nothing more to tell."""

    topic: Topic
    established: dict[str, str]
    has_seen_end: bool = False
    is_reset: bool = False


@dataclass(frozen=True)
class Wish:
    """What a reader asks for, besides the channel."""

    download_id: str = ""
    since: str = ""
    kinds: tuple[str, ...] = ()
    alerts: bool = False


@dataclass(frozen=True)
class Channel:
    """`start` runs in a thread and raises LiveError."""

    name: str
    start: Callable[[User, Wish], Start]
    socket_form: Form
    stream_form: Form

    def stream_of(self, wish: Wish) -> str:
        """One name for one stream: what a ticket is good for."""
        return f"{self.name}:{wish.download_id.lower()}:{','.join(sorted(wish.kinds))}"[:300]

    @staticmethod
    def is_news(part: Any, told: set[Any]) -> bool:
        """Of what is told one by one: not twice. Who comes is told also what has just ended: the
        page may be from before that."""
        if part in told:
            return False
        # What it was before is forgotten: it may be so again, and is news then.
        told -= {one for one in told if one.id == part.id}
        told.add(part)
        return True


def _download(user: User, wish: Wish) -> Start:
    found = start_following(actor=user, download_id=wish.download_id, since=wish.since)
    return Start(
        topic=file_topic(found.file_id),
        established={"download_id": str(found.file_id)},
        has_seen_end=found.has_seen_end,
        is_reset=found.is_reset,
    )


def _numbers(name: str, said: str, *, by_person: bool) -> Callable[[User, Wish], Start]:
    def start(user: User, wish: Wish) -> Start:
        _may_follow(user)
        asker = Asker(scope_of(user, kinds=wish.kinds), user.pk if by_person else None)
        return Start(Topic(name, asker), {"message": said})

    return start


def _general(user: User, wish: Wish) -> Start:
    return Start(
        Topic(GENERAL, audience_of(user, alerts=wish.alerts)), {"message": "Connected to notices."}
    )


def _may_follow(user: User) -> None:
    try:
        require(user, FOLLOW)
    except RoleDoesNotAllow as error:
        raise NotAllowed from error


def _channel(
    name: str, start: Callable[[User, Wish], Start], *forms: Callable[[Any], str]
) -> Channel:
    return Channel(name, start, *forms)


DOWNLOADS_CHANNEL = _channel("downloads", _download, messages.socket_update, messages.stream_update)
QUEUE_CHANNEL = _channel(
    QUEUE,
    _numbers(QUEUE, "Connected to the queue.", by_person=True),
    messages.queue_socket,
    messages.queue_stream,
)
STATS_CHANNEL = _channel(
    STATS,
    _numbers(STATS, "Connected to the statistics.", by_person=False),
    messages.stats_socket,
    messages.stats_stream,
)
DASHBOARD_CHANNEL = _channel(
    DASHBOARD,
    _numbers(DASHBOARD, "Connected to the dashboard.", by_person=True),
    messages.dashboard_socket,
    messages.dashboard_stream,
)
GENERAL_CHANNEL = _channel("general", _general, messages.general_socket, messages.general_stream)
