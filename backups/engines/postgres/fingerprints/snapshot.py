"""A snapshot in which the chosen tables cannot be emptied, altered or dropped.

Order matters (PostgreSQL manual, "Explicit Locking" and "SET TRANSACTION SNAPSHOT"):

1. list the tables;
2. BEGIN REPEATABLE READ READ ONLY, and lock them before the first query: the snapshot is taken
   by the first query, so nothing can happen between it and the locks (a TRUNCATE there would
   give an empty table and a dump that ends well);
3. list again; start over when the list has changed;
4. export the snapshot, for pg_dump to read by.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import psycopg
from django.utils.translation import gettext as _
from psycopg import sql

from backups.engines.postgres.connection import Server, named_failure
from backups.errors import TimedOut

MOST_STARTS = 5

# Whether a table (schema, name) belongs to the dump.
Wanted = Callable[[str, str], bool]

# Text forms depend on these; pinned, so that both sides write alike.
PINNED = {
    "TimeZone": "UTC",
    "DateStyle": "ISO, YMD",
    "IntervalStyle": "postgres",
    "extra_float_digits": "1",
    "bytea_output": "hex",
    "lc_monetary": "C",
    "search_path": "",
    # A role under row security fails instead of counting less.
    "row_security": "off",
    "statement_timeout": "0",
    "idle_in_transaction_session_timeout": "0",
}

LIST = """
    SELECT n.nspname, c.relname, c.oid::bigint
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE c.relkind = 'r' AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
      AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.objid = c.oid
                      AND d.classid = 'pg_class'::regclass AND d.deptype = 'e')
    ORDER BY 1, 2
"""


@dataclass(frozen=True)
class Table:
    schema: str
    name: str
    oid: int

    @property
    def full_name(self) -> str:
        return f"{self.schema}.{self.name}"

    @property
    def quoted(self) -> sql.Composed:
        return sql.SQL("{}.{}").format(sql.Identifier(self.schema), sql.Identifier(self.name))


@dataclass(frozen=True)
class Snapshot:
    """`session` is inside the transaction; `exported` is the name that pg_dump takes."""

    session: psycopg.Connection[Any]
    tables: list[Table]
    exported: str


@contextmanager
def held_snapshot(
    server: Server, *, application: str, wanted: Wanted, lock_wait: str
) -> Iterator[Snapshot]:
    """Hold the snapshot for the length of the block. Raises BackupError."""
    with server.connect(application=application) as session:
        try:
            pin(session)
            session.execute("SELECT set_config('lock_timeout', %s, false)", [lock_wait])
            snapshot = _begin(session, wanted)
        except psycopg.Error as error:
            raise named_failure(str(error)) from error
        yield snapshot
        # Read only: there is nothing to commit, and a connection that is gone loses nothing.


def pin(session: psycopg.Connection[Any]) -> None:
    for name, value in PINNED.items():
        session.execute("SELECT set_config(%s, %s, false)", [name, value])


def _begin(session: psycopg.Connection[Any], wanted: Wanted) -> Snapshot:
    for _start in range(MOST_STARTS):
        before = _list(session, wanted)
        session.execute("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
        try:
            _lock(session, before)
        except psycopg.errors.UndefinedTable:
            session.execute("ROLLBACK")
            continue
        if _list(session, wanted) == before:
            row = session.execute("SELECT pg_export_snapshot()").fetchone()
            assert row is not None
            return Snapshot(session, [Table(*one) for one in before], row[0])
        session.execute("ROLLBACK")
    raise TimedOut(_("Tables were made, dropped or rewritten each time the dump was to begin."))


def _list(session: psycopg.Connection[Any], wanted: Wanted) -> list[tuple[Any, ...]]:
    return [row for row in session.execute(LIST).fetchall() if wanted(row[0], row[1])]


def _lock(session: psycopg.Connection[Any], rows: list[tuple[Any, ...]]) -> None:
    if rows:
        names = sql.SQL(", ").join(Table(*row).quoted for row in rows)
        session.execute(sql.SQL("LOCK TABLE ONLY {} IN ACCESS SHARE MODE").format(names))
