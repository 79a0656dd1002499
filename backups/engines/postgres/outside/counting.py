"""How many rows came of a file from elsewhere: nothing says what it should hold."""

from collections.abc import Callable
from typing import Any

import psycopg
from psycopg import sql

from backups.engines.postgres.connection import Server, named_failure

MOST_COUNTED = 10_000


def count_rows(
    guest: Server, *, application: str, on_wait: Callable[[], None]
) -> dict[str, int | None]:
    """Rows by table, asked as the guest: what runs there may be the stranger's own. None where
    they cannot be counted."""
    found: dict[str, int | None] = {}
    with guest.connect(application=application) as session:
        try:
            tables = session.execute(
                "SELECT n.nspname, c.relname FROM pg_class c"
                " JOIN pg_namespace n ON n.oid = c.relnamespace"
                " WHERE c.relkind = 'r' AND c.relpersistence <> 't'"
                " AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'"
                " ORDER BY 1, 2 LIMIT %s",
                [MOST_COUNTED],
            ).fetchall()
        except psycopg.Error as error:
            raise named_failure(str(error)) from error
        for schema, table in tables:
            on_wait()
            found[f"{schema}.{table}"] = _count(session, str(schema), str(table))
    return found


def _count(session: psycopg.Connection[Any], schema: str, table: str) -> int | None:
    try:
        # A table under row security that is forced upon its owner would count less.
        session.execute("SET row_security = off")
        row = session.execute(
            sql.SQL("SELECT count(*) FROM ONLY {}").format(sql.Identifier(schema, table))
        ).fetchone()
    except psycopg.errors.InsufficientPrivilege:
        return None
    except psycopg.Error as error:
        raise named_failure(str(error)) from error
    return int(str(row[0])) if row else None
