"""The queue, the numbers of the installation, and the dashboard as topics: one for each scope."""

from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from monitoring.events.selectors import Cursor, Happening
from monitoring.figures.reading import Queue, Stats, read_positions, read_queues, read_stats
from monitoring.figures.scopes import Scope, scope_of
from monitoring.live.access import Credential
from monitoring.live.errors import RightsChanged
from monitoring.live.following import Pace
from monitoring.live.mailbox import Letter, Topic
from monitoring.live.presence import Present, everyone
from monitoring.live.running import Running, read_running

NO_STATS = Stats()
QUEUE, STATS, DASHBOARD = "queue", "stats", "dashboard"


@dataclass(frozen=True)
class Asker:
    """Who follows numbers: one key for all with the same rights; of the queue, one a person."""

    scope: Scope
    user: int | None = None


@dataclass(frozen=True)
class Numbers:
    """`position` in the queue: of the oldest that the asker has queued, None without any."""

    queue: Queue
    position: int | None = None
    stats: Stats = NO_STATS
    running: tuple[Running, ...] = ()
    connections: int = 0
    cursor: Cursor | None = field(default=None, compare=False)
    read_at: datetime = field(default_factory=lambda: datetime.now(UTC), compare=False)
    uptime: int = field(default=0, compare=False)

    @property
    def is_final(self) -> bool:
        return False


@dataclass(frozen=True)
class Announced:
    """Numbers that server code has said; what is read next takes their place."""

    channel: str
    data: dict[str, Any]
    cursor: None = None
    read_at: datetime = field(default_factory=lambda: datetime.now(UTC), compare=False)

    @property
    def is_final(self) -> bool:
        return False


def is_meant(topic: Topic, company: int | None) -> bool:
    """Whether these are this reader's numbers: of one company, or of the whole installation."""
    scope = _asker(topic).scope
    wanted = None if company is None else (company,)
    return scope.companies == wanted and scope.by is None and not scope.kinds


class Scoped:
    """What the three have in common: a change of any file touches all of them."""

    name: str
    pace = Pace(every=3.0, least=0.5)

    def touched_by(self, event: Happening, followed: set[Topic]) -> Collection[Topic]:
        return followed if event.topic == "file" else ()

    def woken_by(self, subjects: list[str], followed: set[Topic]) -> Collection[Topic]:  # noqa: ARG002
        return ()

    def read(self, topics: Collection[Topic], place: Cursor) -> dict[Topic, Letter]:
        found = self.numbers([_asker(topic) for topic in topics], place)
        return {
            topic: Letter(topic, state)
            for topic in topics
            if (state := found.get(_asker(topic))) is not None
        }

    def numbers(self, askers: list[Asker], place: Cursor) -> dict[Asker, Numbers]:
        raise NotImplementedError

    def visible(self, credential: Credential, topics: Collection[Topic]) -> set[Topic]:
        """Who may see more or less now connects anew: numbers of another scope are others."""
        actor = credential.actor()
        for topic in topics:
            scope = _asker(topic).scope
            if scope_of(actor, kinds=scope.kinds) != scope:
                raise RightsChanged
        return set(topics)


class Queues(Scoped):
    name = QUEUE

    def numbers(self, askers: list[Asker], place: Cursor) -> dict[Asker, Numbers]:
        queues = read_queues(asker.scope for asker in askers)
        positions = positions_of(askers)
        return {
            asker: Numbers(queues[asker.scope], positions.get(asker), cursor=place)
            for asker in askers
        }


class Statistics(Scoped):
    name = STATS

    def numbers(self, askers: list[Asker], place: Cursor) -> dict[Asker, Numbers]:
        stats = read_stats(asker.scope for asker in askers)
        return {
            asker: Numbers(stats[asker.scope].queue, stats=stats[asker.scope], cursor=place)
            for asker in askers
        }


class Dashboards(Scoped):
    name = DASHBOARD
    pace = Pace(every=3.0, least=0.5, repeat=2.9)

    def woken_by(self, subjects: list[str], followed: set[Topic]) -> Collection[Topic]:
        # Progress of a file that somebody may see: which files those are is asked at the reading.
        return followed if subjects else ()

    def numbers(self, askers: list[Asker], place: Cursor) -> dict[Asker, Numbers]:
        scopes = [asker.scope for asker in askers]
        stats, running = read_stats(scopes), read_running(scopes)
        positions, present = positions_of(askers), everyone()
        return {
            asker: _dashboard(
                stats[asker.scope], running[asker.scope], positions.get(asker), present, place
            )
            for asker in askers
        }


def _dashboard(
    stats: Stats,
    running: tuple[Running, ...],
    position: int | None,
    present: Present,
    place: Cursor,
) -> Numbers:
    return Numbers(
        queue=stats.queue,
        position=position,
        stats=stats,
        running=running,
        connections=present.total,
        cursor=place,
        uptime=present.uptime,
    )


def positions_of(askers: Collection[Asker]) -> dict[Asker, int]:
    """One question for all who ask for the same kinds."""
    by_kinds: dict[tuple[str, ...], list[Asker]] = {}
    for asker in askers:
        if asker.user is not None:
            by_kinds.setdefault(asker.scope.kinds, []).append(asker)
    found: dict[Asker, int] = {}
    for kinds, some in by_kinds.items():
        places = read_positions({asker.user for asker in some if asker.user is not None}, kinds)
        found |= {asker: places[asker.user] for asker in some if asker.user in places}
    return found


def _asker(topic: Topic) -> Asker:
    key: Any = topic.key
    assert isinstance(key, Asker)
    return key
