"""Each table's rows and checksum; the order of the rows does not matter.

The checksum is the sum of a 64-bit hash of each row (`hash_record_extended`), which costs a third
of the dump. Where a hash would differ after a restore, or there is none, the row's text is hashed:

- enumerations, `regclass` and their like are hashed by object id, which a restore gives anew;
- `json`, `bit` and others have no hash function;
- another major version may hash otherwise, so a drill on one is by text as a whole.

Nothing that the tables' owners wrote may run in it, for it would run with our rights. A cast of
a row to text is theirs to define (CREATE CAST asks only for owning the row's type), also when
the row is cast to record before; so the output function is called by its name. It asks those
of the columns' types, and these, like the operator classes of hashes, only superusers make.
"""

from collections.abc import Callable, Iterable
from typing import Any, Literal, TypedDict

import psycopg
from psycopg import sql

from backups.engines.postgres.fingerprints.snapshot import Table

By = Literal["hash", "text", "count"]

# Types whose values are object ids within, and whatever is built of them.
_BY_OBJECT_ID = """
    WITH RECURSIVE unsafe(oid) AS (
        SELECT oid FROM pg_type
        WHERE typtype = 'e'
           OR (typnamespace = 'pg_catalog'::regnamespace
               AND (typname LIKE 'reg%%' OR typname = 'aclitem'))
      UNION
        SELECT t.oid FROM unsafe u JOIN pg_type t
          ON t.typelem = u.oid OR t.typbasetype = u.oid
          OR EXISTS (SELECT FROM pg_attribute a WHERE a.attrelid = t.typrelid
                     AND a.atttypid = u.oid AND a.attnum > 0 AND NOT a.attisdropped)
          OR EXISTS (SELECT FROM pg_range r WHERE r.rngsubtype = u.oid
                     AND t.oid IN (r.rngtypid, r.rngmultitypid))
    )
    SELECT DISTINCT attrelid::bigint FROM pg_attribute
    WHERE atttypid IN (SELECT oid FROM unsafe) AND attnum > 0 AND NOT attisdropped
"""

_ROW = sql.Identifier("holdfast row")
# With `.*` it is the row, also where a column is called the same.
_EXPRESSIONS: dict[By, sql.Composable] = {
    "hash": sql.SQL("sum(hash_record_extended({row}.*, 0)::numeric)::text").format(row=_ROW),
    "text": sql.SQL("sum(hashtextextended(textin(record_out({row}.*)), 0)::numeric)::text").format(
        row=_ROW
    ),
    "count": sql.SQL("NULL"),
}


class TableMark(TypedDict):
    """`sum` is a decimal number as text; None over no rows, and when only rows were counted."""

    rows: int
    sum: str | None
    by: By


def mark_tables(
    session: psycopg.Connection[Any],
    tables: Iterable[Table],
    *,
    by: By = "hash",
    wanted: dict[str, By] | None = None,
    on_table: Callable[[str], None] = lambda _name: None,
) -> dict[str, TableMark]:
    """The marks of the tables, by full name; `wanted` says how for each, as a fingerprint does."""
    session.execute("SET max_parallel_workers_per_gather = 2")
    unsafe = {row[0] for row in session.execute(_BY_OBJECT_ID.replace("%%", "%")).fetchall()}
    found: dict[str, TableMark] = {}
    for table in tables:
        on_table(table.full_name)
        how = (wanted or {}).get(table.full_name, by)
        if how == "hash" and table.oid in unsafe:
            how = "text"
        found[table.full_name] = _mark(session, table, how)
    return found


def _mark(session: psycopg.Connection[Any], table: Table, by: By) -> TableMark:
    try:
        # A savepoint: an error must not end the transaction that holds the snapshot.
        with session.transaction():
            rows, total = _read(session, table, by)
    except psycopg.errors.UndefinedFunction:
        if by != "hash":
            raise
        return _mark(session, table, "text")
    return {"rows": rows, "sum": total, "by": by}


def _read(session: psycopg.Connection[Any], table: Table, by: By) -> tuple[int, str | None]:
    query = sql.SQL("SELECT count(*), {sum} FROM ONLY {table} AS {row}").format(
        sum=_EXPRESSIONS[by], table=table.quoted, row=_ROW
    )
    found = session.execute(query).fetchone()
    assert found is not None
    return int(found[0]), found[1]
