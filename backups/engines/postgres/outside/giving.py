"""What a stranger's file has become is given to a role of the server, once all of it is there.

Measured on 15, 17 and 18: to give it away runs nothing of it; the next ANALYZE,
autovacuum's too, runs functions of indexes, of statistics and of ranges with the new owner's
rights. So what would run by itself is looked for first, and then nothing is given.
"""

from typing import Any

import psycopg
from django.utils.translation import gettext as _
from psycopg import sql

from backups.engines import PreflightCheck
from backups.engines.postgres.connection import Server, named_failure
from backups.engines.postgres.findings import blocking, ok
from backups.engines.postgres.needed import no_member
from backups.engines.postgres.outside.guest import owner_name
from backups.errors import PropertiesLost
from backups.file_errors import RunsByItself
from faults import reach
from monitoring.files.journal import Journal

Session = psycopg.Connection[Any]
MOST_SAID = 5

# Who owns may be made to do what the stranger wrote, by whoever uses it: no power may be near.
# Everybody who owns a database is in pg_database_owner, there.
_POWERS = """
    SELECT r.rolname FROM pg_roles r
    WHERE pg_has_role(%(role)s, r.oid, 'MEMBER') AND r.rolname <> 'pg_database_owner'
      AND (r.rolsuper OR r.rolcreaterole OR r.rolreplication OR r.rolbypassrls
           OR r.rolname LIKE 'pg\\_%%')
    ORDER BY r.rolname <> %(role)s, 1
"""
_IS_A_MEMBER = """
    SELECT pg_has_role(current_user, oid, 'MEMBER') AND pg_has_role(current_user, oid, 'USAGE')
    FROM pg_roles WHERE rolname = %s
"""
# From each expression that ANALYZE evaluates along what it calls: functions, operators'
# functions, and the checks of domains within types. A function of an extension is trusted.
_RUNS_BY_ITSELF = """
    WITH RECURSIVE begun(class, id, name) AS (
        SELECT 'pg_class'::regclass::oid, indexrelid, 'index ' || indexrelid::regclass
        FROM pg_index WHERE indexrelid >= 16384 AND (indexprs IS NOT NULL OR indpred IS NOT NULL)
      UNION ALL
        SELECT 'pg_statistic_ext'::regclass::oid, s.oid, 'statistics ' || s.stxname
        FROM pg_statistic_ext s WHERE to_jsonb(s) ->> 'stxexprs' IS NOT NULL
      UNION ALL
        SELECT 'pg_proc'::regclass::oid, called::oid, 'range ' || rngtypid::regtype
        FROM pg_range, unnest(ARRAY[rngsubdiff, rngcanonical]) called WHERE called::oid >= 16384
    ), reached(class, id, name) AS (
        SELECT class, id, name FROM begun
      UNION
        SELECT next.class, next.id, r.name FROM reached r, LATERAL (
            SELECT d.refclassid AS class, d.refobjid AS id FROM pg_depend d
            WHERE d.classid = r.class AND d.objid = r.id AND d.refobjid >= 16384
              AND d.refclassid IN ('pg_proc'::regclass, 'pg_operator'::regclass,
                                   'pg_type'::regclass)
          UNION ALL
            SELECT 'pg_constraint'::regclass::oid, c.oid FROM pg_constraint c
            WHERE r.class = 'pg_type'::regclass AND c.contypid = r.id
          UNION ALL
            SELECT 'pg_type'::regclass::oid, within.id FROM pg_type t
            CROSS JOIN LATERAL (SELECT t.typelem UNION ALL SELECT t.typbasetype
                UNION ALL SELECT a.atttypid FROM pg_attribute a
                WHERE a.attrelid = t.typrelid AND a.attnum > 0
                UNION ALL SELECT g.rngsubtype FROM pg_range g WHERE g.rngtypid = t.oid
                ) within(id)
            WHERE r.class = 'pg_type'::regclass AND t.oid = r.id AND within.id >= 16384
        ) next
    )
    SELECT DISTINCT r.name || ' (' || r.id::regprocedure || ')' FROM reached r
    WHERE r.class = 'pg_proc'::regclass AND r.id >= 16384
      AND NOT EXISTS (SELECT FROM pg_depend e WHERE e.classid = r.class AND e.objid = r.id
                      AND e.deptype = 'e')
    ORDER BY 1
"""
_DEFINERS = """
    SELECT p.oid::regprocedure::text FROM pg_proc p
    WHERE p.prosecdef AND pg_get_userbyid(p.proowner) = %s ORDER BY 1
"""
_SCHEMAS = "SELECT nspname FROM pg_namespace WHERE pg_get_userbyid(nspowner) = %s"
_RELATIONS = """
    SELECT n.nspname, c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE pg_get_userbyid(c.relowner) = %s AND c.relkind = ANY(%s) AND n.nspname !~ '^pg_toast'
    ORDER BY c.oid LIMIT %s
"""
AT_ONCE = 100
_OWNED = """
    SELECT count(*) FROM pg_shdepend
    WHERE refclassid = 'pg_authid'::regclass AND deptype = 'o'
      AND refobjid = (SELECT oid FROM pg_roles WHERE rolname = %s)
"""


def look_at_owner(session: Session, role: str) -> PreflightCheck:
    """Whether what a stranger wrote may be given to that role."""
    row = session.execute(_IS_A_MEMBER, [role]).fetchone()
    if row is None:
        return blocking("owner", _("The server has no role %(name)s.") % {"name": role})
    if not row[0]:
        return blocking("owner", no_member(session, role))
    if powers := powers_of(session, role):
        said = _(
            "What a stranger wrote is not given to %(name)s, who has the powers of %(powers)s."
        )
        return blocking("owner", said % {"name": role, "powers": ", ".join(powers)})
    return ok("owner", _("All will belong to %(name)s.") % {"name": role})


def powers_of(session: Session, role: str) -> list[str]:
    """The roles by which it may do more than its own: powerful ones, and PostgreSQL's."""
    rows = session.execute(_POWERS, {"role": role}).fetchall()
    return [str(row[0]) for row in rows][:MOST_SAID]


def give_away(server: Server, role: str, *, application: str, journal: Journal) -> None:
    """All that came into the draft, and the draft itself. What fails half-way is of no use.

    Raises RunsByItself, or another BackupError. Call it when the guest was handed over: nobody
    can change any more what is looked for first.
    """
    giver = owner_name(server.database)
    with server.connect(application=application) as session:
        try:
            _refuse_what_runs(session, role)
            for name in _close_definers(session, giver):
                said = _("Nobody but its owner may call %(name)s, which runs with its rights.")
                journal.say(said % {"name": name}, level="warning", source="holdfast")
            _give_places(session, server.database, giver, role)
            reach("outside.giving")
            _give_relations(session, giver, role)
            with session.transaction():
                _give_the_rest(session, giver, role)
        except psycopg.Error as error:
            raise named_failure(str(error)) from error
    reach("outside.given")


def _refuse_what_runs(session: Session, role: str) -> None:
    if powers := powers_of(session, role):
        said = _(
            "What a stranger wrote is not given to %(name)s, who has the powers of %(powers)s."
        )
        raise PropertiesLost(said % {"name": role, "powers": ", ".join(powers)})
    found = [str(row[0]) for row in session.execute(_RUNS_BY_ITSELF.encode()).fetchall()]
    if found:
        said = _("These would run by themselves with the rights of %(role)s: %(names)s.")
        names = ", ".join(found[:MOST_SAID])
        raise RunsByItself(said % {"role": role, "names": names}, detail="\n".join(found[:200]))


def _close_definers(session: Session, giver: str) -> list[str]:
    """Of functions that run with their owner's rights everybody may call those that were just
    made; what was revoked at the source is not known here."""
    found = [str(row[0]) for row in session.execute(_DEFINERS, [giver]).fetchall()]
    for name in found:
        # As the server itself writes it, quoted where that is needed.
        session.execute(f"REVOKE EXECUTE ON ROUTINE {name} FROM PUBLIC".encode())
    return found


def _give_places(session: Session, database: str, giver: str, role: str) -> None:
    """First: only who may make things in a place can be given something there."""
    heir = sql.Identifier(role)
    session.execute(sql.SQL("ALTER DATABASE {} OWNER TO {}").format(sql.Identifier(database), heir))
    for (name,) in session.execute(_SCHEMAS, [giver]).fetchall():
        session.execute(sql.SQL("ALTER SCHEMA {} OWNER TO {}").format(sql.Identifier(name), heir))


def _give_relations(session: Session, giver: str, role: str) -> None:
    """Some at a time: each is locked with its indexes until the end of the transaction, and a
    server has room for so many locks alone."""
    for kinds in ("rpfvm", "S"):
        # The sequences of columns have gone with their tables.
        while rows := session.execute(_RELATIONS, [giver, list(kinds), AT_ONCE]).fetchall():
            with session.transaction():
                for place, name in rows:
                    given = sql.SQL("ALTER TABLE {} OWNER TO {}")
                    relation = sql.Identifier(place, name)
                    session.execute(given.format(relation, sql.Identifier(role)))


def _give_the_rest(session: Session, giver: str, role: str) -> None:
    names = {"giver": sql.Identifier(giver), "role": sql.Identifier(role)}
    session.execute(sql.SQL("REASSIGN OWNED BY {giver} TO {role}").format(**names))
    row = session.execute(_OWNED, [giver]).fetchone()
    if row is None or row[0]:
        # What comes next would drop it.
        raise PropertiesLost(_("Not all of it could be given to %(name)s.") % {"name": role})
    session.execute(sql.SQL("DROP OWNED BY {giver}").format(**names))
    session.execute(sql.SQL("DROP ROLE {giver}").format(**names))
