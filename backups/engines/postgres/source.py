"""What is about to be dumped: its version, its tables and their sizes, and how far the dump is."""

import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import psycopg

from backups.engines.postgres.connection import Server, named_failure

POLL_SECONDS = 0.5
JOIN_SECONDS = 5.0

_TABLES = """
    SELECT n.nspname || '.' || c.relname, coalesce(pg_table_size(c.oid), 0)
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE c.relkind = 'r' AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
      AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.objid = c.oid
                      AND d.classid = 'pg_class'::regclass AND d.deptype = 'e')
"""

# PostgreSQL manual, "COPY Progress Reporting": bytes_processed of a COPY TO is what was sent.
_PROGRESS = """
    SELECT n.nspname || '.' || c.relname, p.bytes_processed
    FROM pg_stat_progress_copy p
    JOIN pg_stat_activity a USING (pid)
    JOIN pg_class c ON c.oid = p.relid JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE a.application_name = %s
"""
PROGRESS_SINCE_MAJOR = 14
DUMPING = re.compile(r'pg_dump: dumping contents of table "(.*)"$')


@dataclass(frozen=True)
class Source:
    """`sizes` in bytes by table, as `schema.table`; `large_objects` in bytes."""

    version: str
    major: int
    sizes: dict[str, int]
    large_objects: int

    @property
    def total(self) -> int:
        return sum(self.sizes.values()) + self.large_objects


def look_at(connection: psycopg.Connection[Any], *, lock_wait: str) -> Source:
    """Raises BackupError when the server will not tell."""
    try:
        # The size of a table is told under a lock on it (it may be in the middle of a rewrite).
        connection.execute("SELECT set_config('lock_timeout', %s, false)", [lock_wait])
        sizes = dict(connection.execute(_TABLES).fetchall())
        row = connection.execute("SELECT pg_table_size('pg_largeobject')").fetchone()
    except psycopg.Error as error:
        raise named_failure(str(error)) from error
    assert row is not None
    return Source(
        version=version_of(connection),
        major=connection.info.server_version // 10000,
        sizes=sizes,
        large_objects=row[0],
    )


def version_of(connection: psycopg.Connection[Any]) -> str:
    return str(connection.info.parameter_status("server_version")).split()[0]


def database_size(connection: psycopg.Connection[Any]) -> int:
    """In bytes. Waits for no lock. Raises BackupError."""
    try:
        row = connection.execute("SELECT pg_database_size(current_database())").fetchone()
    except psycopg.Error as error:
        raise named_failure(str(error)) from error
    assert row is not None
    return int(row[0])


class DumpProgress:
    """How many bytes of the source are dumped.

    pg_dump says which table it begins; the server says how much of that one it has sent.
    """

    def __init__(self, source: Source) -> None:
        self.source = source
        self.tables: list[str] = []
        self._finished = 0
        self._inside = 0
        self._lock = threading.Lock()

    def hear(self, line: str) -> str | None:
        """Take a line of pg_dump's --verbose output; the table that it begins, if it does."""
        match = DUMPING.match(line)
        if not match:
            return None
        with self._lock:
            if self.tables:
                self._finished += self.source.sizes.get(self.tables[-1], 0)
            self._inside = 0
            self.tables.append(match[1])
        return match[1]

    def see(self, table: str, sent: int) -> None:
        with self._lock:
            if self.tables and self.tables[-1] == table:
                self._inside = min(sent, self.source.sizes.get(table, 0))

    def bytes_done(self) -> int:
        with self._lock:
            return self._finished + self._inside


@contextmanager
def watched(progress: DumpProgress, server: Server, *, run: str) -> Iterator[None]:
    """Ask the server, twice a second, how far the dump is inside its present table."""
    if progress.source.major < PROGRESS_SINCE_MAJOR:
        yield
        return
    ended = threading.Event()
    thread = threading.Thread(
        target=_watch, args=(progress, server, run, ended), name="progress", daemon=True
    )
    thread.start()
    try:
        yield
    finally:
        ended.set()
        # A server that hangs must not hold the run as well.
        thread.join(JOIN_SECONDS)


def _watch(progress: DumpProgress, server: Server, run: str, ended: threading.Event) -> None:
    try:
        with server.connect(application="holdfast:progress") as connection:
            while not ended.wait(POLL_SECONDS):
                for table, sent in connection.execute(_PROGRESS, [run]).fetchall():
                    progress.see(str(table), int(str(sent)))
    except Exception:  # noqa: BLE001 - progress is a courtesy; the dump must not fail for it
        return
