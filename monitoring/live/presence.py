"""Who listens, in this process and in all: counted here exactly, told to the others by a row.

A process that was killed is not counted any more when its row is silent for a while.
"""

import asyncio
import time
import uuid
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from weakref import WeakValueDictionary

import structlog
from django.conf import settings
from django.db.models import DurationField, ExpressionWrapper, F, QuerySet
from django.db.models.fields.json import KeyTextTransform
from django.db.models.functions import Now

from monitoring.live.errors import TooManyConnections
from monitoring.live.measured import Measured
from monitoring.live.models import ServerProcess
from monitoring.live.threads import ask

log = structlog.get_logger(__name__)

CHANNELS = ("downloads", "queue", "stats", "general", "dashboard")
SILENT_AFTER = timedelta(seconds=15)
TELL_CHANGES_SECONDS = 1.0
TELL_ANYWAY_SECONDS = 5.0
_BEGAN = time.monotonic()


def _key(user: int) -> str:
    # A key of digits alone would be asked for as a place in a list.
    return f"u{user}"


@dataclass(frozen=True)
class Others:
    """How many connections somebody has open at the other processes."""

    of_user: int
    of_address: int


class Presence:
    """Of one server process. Belongs to its event loop; its numbers may be read elsewhere."""

    def __init__(self) -> None:
        self.id = uuid.uuid4()
        self.connections: Counter[str] = Counter()
        self.ways: Counter[str] = Counter()
        self.users: Counter[str] = Counter()
        self.addresses: Counter[str] = Counter()
        self.measured = Measured()
        self._has_changed = True
        _here[self.id] = self

    @contextmanager
    def present(
        self, *, channel: str, way: str, user: int, address: str, others: Others
    ) -> Iterator[None]:
        """Counted for as long as it is open. Raises TooManyConnections."""
        self.check(user, address, others)
        counted = (
            (self.connections, channel),
            (self.ways, f"{channel} {way}"),
            (self.users, _key(user)),
            (self.addresses, address),
        )
        for counter, key in counted:
            counter[key] += 1
        self._has_changed = True
        try:
            yield
        finally:
            for counter, key in counted:
                counter[key] -= 1
                if not counter[key]:
                    del counter[key]
            self._has_changed = True

    def check(self, user: int, address: str, others: Others) -> None:
        """Raises TooManyConnections when there is no room for one more."""
        limits = settings.LIVE_LIMITS
        for limit, count in (
            (limits["user"], self.users[_key(user)] + others.of_user),
            (limits["address"], self.addresses[address] + others.of_address),
        ):
            if limit and count >= limit:
                raise TooManyConnections

    async def tell_for_ever(self) -> None:
        """Keep the row of this process, until cancelled."""
        told_at = -TELL_ANYWAY_SECONDS
        while True:
            is_due = time.monotonic() - told_at >= TELL_ANYWAY_SECONDS
            if self._has_changed or is_due:
                self._has_changed = False
                told_at = time.monotonic()
                try:
                    await ask(self._tell, self._as_row())
                except Exception as error:  # noqa: BLE001 - the database is away: told when it is back
                    self._has_changed = True
                    log.warning("live_presence_untold", error=str(error))
            await asyncio.sleep(TELL_CHANGES_SECONDS)

    async def take_leave(self) -> None:
        """Best effort: a row that stays is silent, and counts no more after a while."""
        try:
            async with asyncio.timeout(1.0):
                await ask(ServerProcess.objects.filter(pk=self.id).delete)
        except Exception as error:  # noqa: BLE001 - the process ends
            log.warning("live_presence_untold", error=str(error))

    def _as_row(self) -> dict[str, Any]:
        return {
            "connections": {**self.connections, "ways": dict(self.ways)},
            "users": dict(self.users),
            "addresses": dict(self.addresses),
            "measured": self.measured.as_json(),
        }

    def _tell(self, row: dict[str, Any]) -> None:
        began = Now() - timedelta(seconds=time.monotonic() - _BEGAN)
        ServerProcess.objects.update_or_create(
            pk=self.id,
            defaults={**row, "seen_at": Now()},
            create_defaults={**row, "seen_at": Now(), "started_at": began},
        )


_here: WeakValueDictionary[uuid.UUID, Presence] = WeakValueDictionary()


@dataclass(frozen=True)
class Present:
    """`connections` by channel; `uptime` of the server process that runs longest, in seconds."""

    connections: dict[str, int]
    uptime: int

    @property
    def total(self) -> int:
        return sum(self.connections.values())


def connections_data(present: Present) -> dict[str, int]:
    """As the API and the command line say it."""
    counts = {
        f"{_WORDS.get(name, name)}_connections": present.connections[name] for name in CHANNELS
    }
    return {**counts, "total": present.total}


# The documented name has one of them in the singular.
_WORDS = {"downloads": "download"}


def living() -> QuerySet[ServerProcess]:
    return ServerProcess.objects.filter(seen_at__gt=Now() - SILENT_AFTER)


def everyone() -> Present:
    """Over all server processes: this one as it is now, the others as they last said."""
    age = ExpressionWrapper(Now() - F("started_at"), output_field=DurationField())
    rows = list(living().annotate(age=age).values_list("pk", "connections", "age"))
    found = dict.fromkeys(CHANNELS, 0)
    here = dict(_here)
    counted = [told for pk, told, _age in rows if pk not in here]
    counted += [dict(one.connections) for one in here.values()]
    for told in counted:
        for channel in CHANNELS:
            found[channel] += told.get(channel, 0)
    uptime = max((age.total_seconds() for *_rest, age in rows), default=time.monotonic() - _BEGAN)
    return Present(found, int(uptime))


def others_of(*, user: int, address: str) -> Others:
    rows = (
        living()
        .exclude(pk__in=list(_here))
        .values_list(KeyTextTransform(_key(user), "users"), KeyTextTransform(address, "addresses"))
    )
    found = list(rows)
    return Others(
        of_user=sum(int(one or 0) for one, _ in found),
        of_address=sum(int(one or 0) for _, one in found),
    )


def forget_silent_processes() -> int:
    """Remove the rows of processes that ended without a word. Called by the tick."""
    gone, _each = ServerProcess.objects.filter(seen_at__lt=Now() - 20 * SILENT_AFTER).delete()
    return gone


def all_measured() -> dict[str, dict[str, Any]]:
    """What each living process has open and has done: this one as of now."""
    rows = living().values_list("pk", "connections", "measured")
    found = {str(pk): {"connections": told, "measured": done} for pk, told, done in rows}
    here = {str(pk): one._as_row() for pk, one in dict(_here).items()}
    return dict(sorted({**found, **here}.items()))
