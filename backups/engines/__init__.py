"""One package for each kind of database, behind one protocol."""

import uuid
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any, Protocol

from backups.engines.restoration import (
    Difference,
    Pair,
    PreflightCheck,
    Restoration,
    RestoreOptions,
    Swap,
)
from backups.models import Database
from backups.options import Options
from backups.unwrapping import Opened
from monitoring.files.journal import Journal

__all__ = [
    "ContentCheck",
    "Difference",
    "DrillServer",
    "Dump",
    "Engine",
    "Pair",
    "PreflightCheck",
    "Restoration",
    "RestoreOptions",
    "ServerFacts",
    "Swap",
    "engine_for",
    "engines",
    "run_name",
    "sweep_drill_servers",
]


@dataclass(frozen=True)
class ServerFacts:
    """What a connection test found. Sizes in bytes."""

    version: str
    major: int
    size_bytes: int
    client_version: str
    warnings: list[str] = field(default_factory=list)


class Dump(Protocol):
    """A dump under way: its archive is read from `stream` to the end, then `finish` is called."""

    stream: IO[bytes]
    source_bytes: int
    server_version: str
    extension: str
    compressed_inside: bool
    compression: str

    def bytes_done(self) -> int:
        """How much of `source_bytes` is dumped: an estimate that never exceeds it by much."""

    def finish(self, *, on_wait: Callable[[], None] = lambda: None) -> dict[str, Any]:
        """Wait for the tool and say what is in the archive. Raises BackupError.

        `on_wait` is called now and then while something is still at work.
        """


class ContentCheck(Protocol):
    """A reader of an archive: takes its bytes, in order, and judges them at the end."""

    read: list[str]
    """The tables whose rows it has read so far."""

    def write(self, data: bytes, /) -> int: ...

    def finish(self) -> None:
        """Raises Corrupt, naming what is wrong."""


class DrillServer(Protocol):
    """A throw-away server that takes an archive's bytes and compares what came of them."""

    version: str
    identity: str
    """Tells this server from every other one; never the source's."""

    @property
    def missing(self) -> list[str]:
        """What this server cannot load, such as extensions: with any, a drill is partial."""

    def write(self, data: bytes, /) -> int: ...

    def finish(self) -> None:
        """The archive has ended. Raises Corrupt or RestoreFailed, naming what is wrong."""

    def compare(self, *, on_table: Callable[[str], None]) -> list[Difference]:
        """Every difference between the copy and the fingerprint in the manifest."""


class Engine(Protocol):
    """What a kind of database must do.

    It MUST check every exit status, MUST NOT put a secret in an argument list, and MUST leave
    no process behind when a block ends, however it ends.
    """

    def test_connection(self, database: Database) -> ServerFacts: ...

    def dump(
        self, database: Database, options: Options, *, run: str, journal: Journal
    ) -> AbstractContextManager[Dump]: ...

    def check_content(self, contents: dict[str, Any]) -> AbstractContextManager[ContentCheck]: ...

    def drill(
        self, manifest: dict[str, Any], *, journal: Journal, on_wait: Callable[[], None]
    ) -> AbstractContextManager[DrillServer]:
        """A server for the length of the block, with nothing in it. Raises BackupError.

        `on_wait` is called now and then while it is at work after the last byte.
        """

    def preflight(
        self,
        database: Database,
        manifest: dict[str, Any],
        *,
        name: str,
        replaces: bool,
        options: RestoreOptions,
    ) -> list[PreflightCheck]:
        """Whether the archive can become the database `name` on the database's server: a new one,
        or in place of the one that is there.

        Raises BackupError when the server cannot be asked.
        """

    def restore(
        self,
        database: Database,
        manifest: dict[str, Any],
        *,
        name: str,
        replaces: bool,
        draft: str,
        run: str,
        options: RestoreOptions,
        journal: Journal,
        on_wait: Callable[[], None],
    ) -> AbstractContextManager[Restoration]:
        """A new database `draft` for the length of the block; dropped unless it was published."""

    def recognize(self, opened: Opened) -> dict[str, Any]:
        """What a file from elsewhere is, from its beginning, as a manifest's `contents`.

        Raises BackupError, naming what is wrong with it.
        """

    def read_whole(
        self,
        opened: Opened,
        *,
        folder: Path,
        options: RestoreOptions,
        on_wait: Callable[[], None],
    ) -> dict[str, Any]:
        """The same after reading all of it, of which `options` may choose a part; `folder` is a
        private one for what it needs.

        Raises BackupError.
        """

    def forget_draft(self, database: Database, *, draft: str) -> None:
        """Drop the database that a dead restore has left. Safe to repeat. Raises BackupError."""

    def whereabouts(self, database: Database, *, ids: Sequence[int]) -> dict[int, str]:
        """What these databases on the server are called now; gone ones are left out."""

    def swap(self, database: Database, swap: Swap, *, run: str) -> None:
        """Raises as `Restoration.publish`."""

    def drop_kept(
        self,
        database: Database,
        *,
        name: str,
        id: int,
        note: str,
    ) -> None:
        """Drop what a swap has kept; nothing when it is gone. Raises TargetChanged unless name,
        id and note are those that it had."""

    def sweep(self) -> int:
        """Remove the drill servers that dead processes have left; how many."""

    def restore_needs(self, manifest: dict[str, Any]) -> list[str]: ...

    def restore_commands(self, manifest: dict[str, Any]) -> list[str]: ...


def engine_for(database: Database) -> Engine:
    return engines()[database.engine]()


def sweep_drill_servers() -> int:
    """Remove what drills have left that died; how many. Safe to call at any time."""
    return sum(engine().sweep() for engine in engines().values())


def engines() -> dict[str, Callable[[], Engine]]:
    """By the name that a Database and a manifest have for it."""
    from backups.engines.postgres import PostgresEngine

    return {Database.Engine.POSTGRESQL: PostgresEngine}


def run_name(file_id: uuid.UUID, attempt: int) -> str:
    """The application name under which a run is seen in the database."""
    return f"holdfast:{file_id}:{attempt}"
