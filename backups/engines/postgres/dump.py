"""pg_dump: its arguments, its run, and what it says is in the archive."""

import re
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from access.redaction import redact
from backups.engines.postgres.clients import ClientSet, choose_for_dump
from backups.engines.postgres.connection import Server, named_failure
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
        self, *, tool: Tool, clients: ClientSet, source: Source, progress: DumpProgress, level: int
    ) -> None:
        assert tool.process.stdout is not None
        self.stream = tool.process.stdout
        self.tool = tool
        self.clients = clients
        self.source_bytes = source.total
        self.server_version = source.version
        self.compressed_inside = clients.has_zstd
        self.compression = f"zstd:{level}"
        self._progress = progress

    def bytes_done(self) -> int:
        return self._progress.bytes_done()

    def finish(self) -> dict[str, Any]:
        if self.tool.wait() != 0:
            raise named_failure(self.tool.said, default=DumpFailed)
        return {
            "engine": "postgresql",
            "tool": f"pg_dump {self.clients.version}",
            "tool_major": self.clients.major,
            "zstd_inside": self.compressed_inside,
            "tables": sorted(self._progress.tables),
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

    def hear(line: str) -> None:
        if table := progress.hear(line):
            journal.begin_step(table)
        elif line:
            journal.say(redact(line, secrets=[server.password]), level=level_of(line), source=TOOL)

    with (
        server.tool_environment(application=run) as (environment, descriptors),
        running(
            [clients.program("pg_dump"), *arguments(options, clients)],
            environment=environment,
            descriptors=descriptors,
            secret=server.password,
            stdout=subprocess.PIPE,
            on_line=hear,
        ) as tool,
        watched(progress, server, run=run),
    ):
        assert tool.process.stdout is not None
        widen(tool.process.stdout)
        yield PostgresDump(
            tool=tool,
            clients=clients,
            source=source,
            progress=progress,
            level=options.compression_level,
        )


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
