"""One package for each kind of database, behind one protocol."""

import uuid
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import IO, Any, Protocol

from backups.models import Database
from backups.options import Options
from monitoring.files.journal import Journal


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

    def finish(self) -> dict[str, Any]:
        """Wait for the tool and say what is in the archive. Raises BackupError."""


class ContentCheck(Protocol):
    """A reader of an archive: takes its bytes, in order, and judges them at the end."""

    def write(self, data: bytes, /) -> int: ...

    def finish(self) -> None:
        """Raises Corrupt, naming what is wrong."""


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

    def restore_needs(self, manifest: dict[str, Any]) -> list[str]: ...

    def restore_commands(self, manifest: dict[str, Any]) -> list[str]: ...


def engine_for(database: Database) -> Engine:
    from backups.engines.postgres import PostgresEngine

    engines: dict[str, Callable[[], Engine]] = {Database.Engine.POSTGRESQL: PostgresEngine}
    return engines[database.engine]()


def run_name(file_id: uuid.UUID, attempt: int) -> str:
    """The application name under which a run is seen in the database."""
    return f"holdfast:{file_id}:{attempt}"
