"""pg_dump: its arguments, its run, and what it says is in the archive."""

import re
import shlex
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

import psycopg

from access.redaction import redact
from backups.engines.postgres.clients import ClientSet, choose_for_dump, discover
from backups.engines.postgres.connection import Server, named_failure
from backups.engines.postgres.fingerprints.beside import (
    FingerprintBeside,
    fingerprint_beside,
)
from backups.engines.postgres.fingerprints.scope import parts_of, restrict, takes_table
from backups.engines.postgres.fingerprints.sequences import Positions, positions
from backups.engines.postgres.fingerprints.snapshot import Snapshot, held_snapshot
from backups.engines.postgres.fingerprints.tables import By
from backups.engines.postgres.globals import read_globals
from backups.engines.postgres.process import Tool, running, widen
from backups.engines.postgres.source import DumpProgress, Source, look_at, watched
from backups.errors import DumpFailed
from backups.options import Options
from monitoring.files.journal import Journal

LOCK_WAIT = "60s"
TOOL = "pg_dump"


class PostgresDump:
    """A pg_dump under way (see `backups.engines.Dump`)."""

    extension = "dump"

    def __init__(
        self,
        *,
        tool: Tool,
        clients: ClientSet,
        source: Source,
        progress: DumpProgress,
        options: Options,
        fingerprint: FingerprintBeside | None,
        roles: dict[str, Any] | None,
    ) -> None:
        assert tool.process.stdout is not None
        self.stream = tool.process.stdout
        self.tool = tool
        self.clients = clients
        self.source_bytes = source.total
        self.server_version = source.version
        self.compressed_inside = clients.has_zstd
        self.compression = f"zstd:{options.compression_level}"
        self.fingerprint_seconds = 0.0
        self._options = options
        self._fingerprint = fingerprint
        self._progress = progress
        self._roles = roles

    def bytes_done(self) -> int:
        return self._progress.bytes_done()

    def finish(self, *, on_wait: Callable[[], None] = lambda: None) -> dict[str, Any]:
        if self.tool.wait() != 0:
            raise named_failure(self.tool.said, default=DumpFailed)
        tables = sorted(self._progress.tables)
        marks = None
        if self._fingerprint is not None:
            taken = self._fingerprint.result(on_wait=on_wait)
            marks = restrict(taken, self._options, tables)
            self.fingerprint_seconds = self._fingerprint.seconds
        return {
            "engine": "postgresql",
            "tool": f"pg_dump {self.clients.version}",
            "tool_major": self.clients.major,
            "zstd_inside": self.compressed_inside,
            "tables": tables,
            "fingerprint": marks,
            **({"globals": self._roles} if self._roles is not None else {}),
        }


@contextmanager
def dumping(
    server: Server, options: Options, *, run: str, journal: Journal
) -> Iterator[PostgresDump]:
    """Start pg_dump for the length of the block. Raises BackupError.

    Call it from the thread that lives longest (see `process.running`).
    """
    with server.connect(application="holdfast:look") as connection:
        source = look_at(connection, lock_wait=LOCK_WAIT)
    clients = choose_for_dump(source.major, needs_tls=server.needs_tls)
    progress = DumpProgress(source)
    journal.say(
        f"PostgreSQL {source.version}, {len(source.sizes)} tables; pg_dump {clients.version}",
        source="holdfast",
    )

    # Nothing in it is secret: the password goes in memory (`tool_environment`).
    journal.say(f"pg_dump {shlex.join(arguments(options, clients))}", source="holdfast")

    def hear(line: str) -> None:
        if table := progress.hear(line):
            journal.begin_step(table)
        elif line:
            journal.say(redact(line, secrets=[server.password]), level=level_of(line), source=TOOL)

    with held_snapshot(
        server,
        application=f"{run}:fp",
        wanted=partial(takes_table, options),
        lock_wait=LOCK_WAIT,
    ) as snapshot:
        stood = _positions(snapshot, options)
        roles = _roles(snapshot) if options.include_globals else None
        with (
            server.tool_environment(application=run) as (environment, descriptors),
            running(
                [
                    clients.program("pg_dump"),
                    *arguments(options, clients),
                    f"--snapshot={snapshot.exported}",
                ],
                environment=environment,
                descriptors=descriptors,
                secret=server.password,
                stdout=subprocess.PIPE,
                on_line=hear,
            ) as tool,
            watched(progress, server, run=run),
            _fingerprint(snapshot, options, source.major, stood) as fingerprint,
        ):
            assert tool.process.stdout is not None
            widen(tool.process.stdout)
            yield PostgresDump(
                tool=tool,
                clients=clients,
                source=source,
                progress=progress,
                options=options,
                fingerprint=fingerprint,
                roles=roles,
            )


def _positions(snapshot: Snapshot, options: Options) -> Positions:
    """Read before pg_dump starts: a sequence goes on outside of any snapshot, and what stood
    further than what is dumped would make a good copy look like a bad one.
    """
    if options.fingerprint == "none" or "sequences" not in parts_of(options):
        return {}
    try:
        return positions(snapshot.session)
    except psycopg.Error as error:
        raise named_failure(str(error)) from error


def _roles(snapshot: Snapshot) -> dict[str, Any]:
    try:
        return read_globals(snapshot.session)
    except psycopg.Error as error:
        raise named_failure(str(error)) from error


@contextmanager
def _fingerprint(
    snapshot: Snapshot, options: Options, major: int, stood: Positions
) -> Iterator[FingerprintBeside | None]:
    if options.fingerprint == "none":
        yield None
        return
    by = fingerprint_by(options, major)
    with fingerprint_beside(snapshot, by=by, parts=parts_of(options), stood=stood) as beside:
        yield beside


def fingerprint_by(options: Options, major: int) -> By:
    """A hash may differ between majors; where none of this one can be drilled on, text it is."""
    if options.fingerprint == "counts":
        return "count"
    has_own_server = any(one.major == major and one.has_server for one in discover())
    return "hash" if has_own_server else "text"


def level_of(line: str) -> str:
    """How loud a line of a PostgreSQL tool is; --verbose adds many that only a search is after."""
    found = re.match(r"pg_\w+: (error|warning)", line)
    return found[1] if found else "debug"


def arguments(options: Options, clients: ClientSet) -> list[str]:
    """The argument list. Every value from outside stands behind `=` in one argument."""
    level = options.compression_level
    found = [
        "--format=custom",
        # Without zstd in the client the archive is left plain and compressed around it.
        f"--compress=zstd:{level}" if clients.has_zstd else "--compress=0",
        f"--lock-wait-timeout={LOCK_WAIT}",
        "--no-password",
        "--verbose",
        "--strict-names",
    ]
    flags = {
        "--schema-only": options.schema_only,
        "--data-only": options.data_only,
        "--no-owner": options.no_owner,
        "--no-privileges": options.no_privileges,
    }
    found += [flag for flag, wanted in flags.items() if wanted]
    schemas = {"--schema": options.schemas, "--exclude-schema": options.exclude_schemas}
    tables = {
        "--table": options.tables,
        "--exclude-table": options.exclude_tables,
        "--exclude-table-data": options.exclude_table_data,
    }
    found += [f"{flag}={_quoted(name)}" for flag, names in schemas.items() for name in names]
    return found + [f"{flag}={pattern(name)}" for flag, names in tables.items() for name in names]


def pattern(name: str) -> str:
    """A pg_dump pattern that means this very table; `*` stands for any characters.

    `name` is `table` or `schema.table`: only the first dot parts. Within double quotes a
    pattern is literal (PostgreSQL manual, psql, "Patterns").
    """
    return ".".join(_quoted(part) for part in name.split(".", 1))


def _quoted(part: str) -> str:
    pieces = ['"' + piece.replace('"', '""') + '"' if piece else "" for piece in part.split("*")]
    return "*".join(pieces)
