"""Sequences and large objects, and what the database itself is.

Sequences are not transactional: a dump may hold a later value than the snapshot. So a restored
one is at least where the source's stood before the dump, and never behind what is in use.
"""

from typing import Any, TypedDict

import psycopg
from psycopg import sql

from backups.engines.postgres.fingerprints.snapshot import Table

# Whether the column's type is one of numbers, or a domain over one. Of another, a cast to bigint
# may be its owner's function, which would run with our rights.
_IS_NUMBER = """
    (WITH RECURSIVE of(oid) AS (
        SELECT a.atttypid
        UNION SELECT b.typbasetype FROM of JOIN pg_type b USING (oid) WHERE b.typbasetype <> 0
     ) SELECT bool_or(oid IN ('int2'::regtype, 'int4'::regtype, 'int8'::regtype,
                              'numeric'::regtype)) FROM of)
"""
_OWNERS = f"""
    SELECT n.nspname, s.relname, q.seqincrement, tn.nspname, t.relname, a.attname,
           {_IS_NUMBER} AS is_number
    FROM pg_sequence q
    JOIN pg_class s ON s.oid = q.seqrelid JOIN pg_namespace n ON n.oid = s.relnamespace
    LEFT JOIN pg_depend d ON d.classid = 'pg_class'::regclass AND d.objid = s.oid
         AND d.refclassid = 'pg_class'::regclass AND d.deptype IN ('a', 'i')
    LEFT JOIN pg_class t ON t.oid = d.refobjid LEFT JOIN pg_namespace tn ON tn.oid = t.relnamespace
    LEFT JOIN pg_attribute a ON a.attrelid = d.refobjid AND a.attnum = d.refobjsubid
    WHERE n.nspname !~ '^pg_' AND NOT EXISTS (SELECT FROM pg_depend e WHERE e.objid = s.oid
          AND e.classid = 'pg_class'::regclass AND e.deptype = 'e')
"""
# The last value given out, None where there was none yet.
_POSITIONS = """
    SELECT n.nspname, s.relname, pg_sequence_last_value(s.oid)
    FROM pg_sequence q
    JOIN pg_class s ON s.oid = q.seqrelid JOIN pg_namespace n ON n.oid = s.relnamespace
    WHERE n.nspname !~ '^pg_' AND NOT EXISTS (SELECT FROM pg_depend e WHERE e.objid = s.oid
          AND e.classid = 'pg_class'::regclass AND e.deptype = 'e')
"""
# Whole objects at a time would be up to 4 TB in one value.
PIECE = 8 << 20
_LARGE_OBJECTS = f"""
    SELECT count(*), sum(hashtextextended(m.oid::text || coalesce((
        SELECT string_agg(md5(lo_get(m.oid, piece, {PIECE})), '' ORDER BY piece)
        FROM generate_series(0, greatest(lo.size - 1, 0), {PIECE}) piece), ''), 0)::numeric)::text
    FROM pg_largeobject_metadata m,
         LATERAL (SELECT lo_open(m.oid, 262144) AS descriptor OFFSET 0) opened,
         LATERAL (SELECT lo_lseek64(opened.descriptor, 0, 2) AS size OFFSET 0) lo,
         LATERAL (SELECT lo_close(opened.descriptor + 0 * lo.size::int4) OFFSET 0) closed
"""
_DATABASE = """
    SELECT pg_encoding_to_char(encoding), datcollate, datctype, pg_get_userbyid(datdba),
           datconnlimit, coalesce((SELECT string_agg(concat_ws(' ', CASE x.grantee WHEN 0
               THEN 'PUBLIC' ELSE pg_get_userbyid(x.grantee) END, x.privilege_type), ','
               ORDER BY x.grantee = 0, pg_get_userbyid(x.grantee), x.privilege_type)
               FROM aclexplode(coalesce(datacl, acldefault('d', datdba))) x), ''),
           ARRAY(SELECT coalesce(pg_get_userbyid(nullif(s.setrole, 0)) || ': ', '')
                 || unnest(s.setconfig) FROM pg_db_role_setting s WHERE s.setdatabase = b.oid),
           shobj_description(oid, 'pg_database'), to_jsonb(b) ->> 'datlocprovider'
    FROM pg_database b WHERE datname = current_database()
"""


class SequenceMark(TypedDict):
    """`last` is the last value given out (None: none yet); `used` the furthest in its column."""

    last: int | None
    used: int | None
    increment: int


class LargeObjectMark(TypedDict):
    rows: int
    sum: str | None


# Where each sequence stands, by full name.
Positions = dict[str, int | None]


def positions(session: psycopg.Connection[Any]) -> Positions:
    """Where the sequences stand at this moment, whatever the session's snapshot is."""
    rows = session.execute(_POSITIONS.encode()).fetchall()
    return {Table(schema, name, 0).full_name: last for schema, name, last in rows}


def mark_sequences(
    session: psycopg.Connection[Any], read: set[str], stood: Positions
) -> dict[str, SequenceMark]:
    """By full name. `read` names the tables whose columns may be asked."""
    found: dict[str, SequenceMark] = {}
    for schema, name, increment, *owner in session.execute(_OWNERS).fetchall():
        sequence = Table(schema, name, 0).full_name
        used = None
        if owner[3] and f"{owner[0]}.{owner[1]}" in read:
            used = _furthest(session, Table(owner[0], owner[1], 0), owner[2], increment > 0)
        found[sequence] = {"last": stood[sequence], "used": used, "increment": increment}
    return found


def _furthest(
    session: psycopg.Connection[Any], table: Table, column: str, is_growing: bool
) -> int | None:
    query = sql.SQL("SELECT {pick}({column})::bigint FROM {table}").format(
        pick=sql.SQL("max" if is_growing else "min"),
        column=sql.Identifier(column),
        table=table.quoted,
    )
    row = session.execute(query).fetchone()
    return None if row is None or row[0] is None else int(row[0])


def mark_large_objects(session: psycopg.Connection[Any]) -> LargeObjectMark:
    row = session.execute(_LARGE_OBJECTS.encode()).fetchone()
    assert row is not None
    return {"rows": row[0], "sum": row[1]}


def mark_database(session: psycopg.Connection[Any]) -> dict[str, Any]:
    row = session.execute(_DATABASE.encode()).fetchone()
    assert row is not None
    names = (
        *("encoding", "collate", "ctype", "owner", "connection_limit", "grants", "settings"),
        *("comment", "locale_provider"),
    )
    found = dict(zip(names, row, strict=True))
    found["settings"] = sorted(found["settings"])
    return found


# Owners, grantees and those whom default grants name; what a restore needs to be there.
_ROLES = """
    SELECT DISTINCT pg_get_userbyid(role) FROM (
        SELECT refobjid AS role FROM pg_shdepend
        WHERE refclassid = 'pg_authid'::regclass AND refobjid >= 16384
          AND dbid = (SELECT oid FROM pg_database WHERE datname = current_database())
        UNION SELECT datdba FROM pg_database WHERE datname = current_database()
        UNION SELECT relowner FROM pg_class WHERE oid >= 16384
        UNION SELECT nspowner FROM pg_namespace
        UNION SELECT grantee FROM pg_class, aclexplode(relacl) WHERE oid >= 16384 AND grantee <> 0
        UNION SELECT grantee FROM pg_namespace, aclexplode(nspacl) WHERE grantee <> 0
    ) named ORDER BY 1
"""


def mark_roles(session: psycopg.Connection[Any]) -> list[str]:
    """The roles that own or may do something here; not PostgreSQL's own."""
    rows = session.execute(_ROLES.encode()).fetchall()
    return [row[0] for row in rows if not row[0].startswith(("pg_", "unknown (OID="))]
