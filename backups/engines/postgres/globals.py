"""Roles as a backup keeps them: attributes, memberships, settings, comments. Never a password.

What `pg_dumpall --globals-only --no-role-passwords` writes, as far as any role may read it; as
data and not as SQL, so that nothing of it is run without being looked at.
"""

import re
from collections.abc import Collection, Mapping, Sequence
from typing import Any

import psycopg
from django.utils.translation import gettext as _
from psycopg import sql

from backups.engines.postgres.connection import Server, named_failure
from backups.engines.postgres.properties import setting_value
from monitoring.files.journal import Journal

Session = psycopg.Connection[Any]

MEMBERSHIPS_SAY_MORE_SINCE = 160000
# Who has one may do more than what a database holds: a person gives it, not a restore.
POWERS = ("superuser", "createrole", "replication", "bypassrls")
# Ours, for the length of a restore.
_OWN = re.compile(r"holdfast_[ro]_[0-9a-f]{16}_\d+")

_ROLES = """
    SELECT rolname, rolsuper, rolinherit, rolcreaterole, rolcreatedb, rolcanlogin, rolreplication,
           rolbypassrls, rolconnlimit, rolvaliduntil::text, coalesce(rolconfig, '{}'),
           shobj_description(oid, 'pg_authid')
    FROM pg_roles WHERE rolname !~ '^pg_' ORDER BY rolname
"""
_FIELDS = (
    *("name", "superuser", "inherit", "createrole", "createdb", "login", "replication"),
    *("bypassrls", "connection_limit", "valid_until", "settings", "comment"),
)
_MEMBER_FIELDS = ("role", "member", "admin", "inherit", "set")
# The columns of later versions are asked for by name, in whatever version.
_MEMBERS = """
    SELECT r.rolname, m.rolname, a.admin_option,
           coalesce((to_jsonb(a) ->> 'inherit_option')::boolean, true),
           coalesce((to_jsonb(a) ->> 'set_option')::boolean, true)
    FROM pg_auth_members a JOIN pg_roles r ON r.oid = a.roleid JOIN pg_roles m ON m.oid = a.member
    WHERE r.rolname !~ '^pg_' OR m.rolname !~ '^pg_' ORDER BY 1, 2
"""
# What anybody may set for themselves; not which libraries a session loads.
_HARMLESS = """
    SELECT name FROM pg_settings WHERE context = 'user' AND name = ANY(%s)
    AND name !~ '_preload_libraries$' AND name NOT IN ('role', 'session_authorization')
"""


def read_globals(session: Session) -> dict[str, list[dict[str, Any]]]:
    """`roles` and `memberships`, plain JSON."""
    roles = [
        dict(zip(_FIELDS, row, strict=True))
        for row in session.execute(_ROLES.encode()).fetchall()
        if not _OWN.fullmatch(row[0])
    ]
    found = {
        (row[0], row[1]): dict(zip(_MEMBER_FIELDS, row, strict=True))
        for row in session.execute(_MEMBERS.encode()).fetchall()
        if not _OWN.fullmatch(row[0]) and not _OWN.fullmatch(row[1])
    }
    return {"roles": roles, "memberships": list(found.values())}


def held_globals(contents: Mapping[str, Any]) -> dict[str, list[dict[str, Any]]] | None:
    """Those of a manifest's `contents`. A manifest may have been found in a storage: what is not
    as we write it counts as none."""
    held = contents.get("globals")
    if not isinstance(held, dict):
        return None
    wanted = {"roles": _FIELDS, "memberships": _MEMBER_FIELDS}
    for part, names in wanted.items():
        rows = held.get(part)
        if not isinstance(rows, list) or not all(
            isinstance(row, dict) and set(names) <= row.keys() for row in rows
        ):
            return None
    return held


def missing_globals(
    session: Session, held: Mapping[str, Any], *, without: Collection[str] = ()
) -> list[dict[str, Any]]:
    """The definitions of those that the server lacks; the bootstrap user's is never one."""
    rows = session.execute("SELECT rolname FROM pg_roles").fetchall()
    there = {row[0] for row in rows}
    return [one for one in held["roles"] if one["name"] not in there and one["name"] not in without]


def powers_said(missing: Sequence[Mapping[str, Any]]) -> list[str]:
    """``boss (superuser)``, of those that had powers."""
    found = [(one["name"], [power for power in POWERS if one[power]]) for one in missing]
    return [f"{name} ({', '.join(powers)})" for name, powers in found if powers]


def make_globals(
    server: Server,
    held: Mapping[str, Any],
    *,
    without: Collection[str],
    application: str,
    journal: Journal,
) -> list[str]:
    """Make those that the server lacks, all or none; their names. Raises BackupError.

    Without login and without powers. What is there already is never altered.
    """
    with server.connect(application=application) as session:
        try:
            with session.transaction():
                missing = missing_globals(session, held, without=without)
                limits = _Limits(session)
                for one in missing:
                    limits.make(one)
                made = {one["name"] for one in missing}
                for one in held["memberships"]:
                    if one["member"] in made and one["role"] in made:
                        limits.join(one)
        except psycopg.Error as error:
            raise named_failure(str(error)) from error
    for said in limits.left_out:
        journal.say(said, level="warning", source="holdfast")
    return sorted(made)


class _Limits:
    """Makes a role as far as the user may; `left_out` says what of it was not."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self.left_out: list[str] = []
        row = session.execute(
            "SELECT rolsuper, rolsuper OR rolcreatedb FROM pg_roles WHERE rolname = current_user"
        ).fetchone()
        assert row is not None
        self._is_super, self._may_createdb = row

    def make(self, one: Mapping[str, Any]) -> None:
        name = sql.Identifier(one["name"])
        createdb = one["createdb"] and self._may_createdb
        words = [
            "NOLOGIN",
            "INHERIT" if one["inherit"] else "NOINHERIT",
            *(["CREATEDB"] if createdb else []),
            f"CONNECTION LIMIT {int(one['connection_limit'])}",
        ]
        made = sql.SQL("CREATE ROLE {} {}").format(name, sql.SQL(" ".join(words)))
        if one["valid_until"]:
            made += sql.SQL(" VALID UNTIL {}").format(sql.Literal(one["valid_until"]))
        self._session.execute(made)
        if not self._is_super:
            # Who makes a role may give nothing to it before being its member.
            self._session.execute(sql.SQL("GRANT {} TO CURRENT_USER").format(name))
        if one["comment"] is not None:
            said = sql.SQL("COMMENT ON ROLE {} IS {}").format(name, sql.Literal(one["comment"]))
            self._session.execute(said)
        lacks = [power for power in POWERS if one[power]]
        lacks += ["createdb"] if one["createdb"] and not createdb else []
        if lacks:
            words_said = _("%(name)s was made without %(powers)s.")
            self.left_out.append(words_said % {"name": one["name"], "powers": ", ".join(lacks)})
        self._set(one)

    def _set(self, one: Mapping[str, Any]) -> None:
        settings = dict(entry.split("=", 1) for entry in one["settings"] if "=" in entry)
        rows = self._session.execute(_HARMLESS, [list(settings)]).fetchall()
        harmless = {row[0] for row in rows}
        for setting, value in settings.items():
            if setting not in harmless or not self._has_set(one["name"], setting, value):
                said = _("%(name)s was made without its setting %(setting)s.")
                self.left_out.append(said % {"name": one["name"], "setting": setting})

    def _has_set(self, role: str, setting: str, value: str) -> bool:
        statement = sql.SQL("ALTER ROLE {} SET {} TO {}").format(
            sql.Identifier(role), sql.Identifier(setting), setting_value(setting, value)
        )
        try:
            with self._session.transaction():
                self._session.execute(statement)
        except psycopg.Error:
            # Another version has other values.
            return False
        return True

    def join(self, one: Mapping[str, Any]) -> None:
        options = [f"ADMIN {bool(one['admin'])}"]
        if self._session.info.server_version >= MEMBERSHIPS_SAY_MORE_SINCE:
            options += [f"INHERIT {bool(one['inherit'])}", f"SET {bool(one['set'])}"]
            how = " WITH " + ", ".join(options)
        else:
            how = " WITH ADMIN OPTION" if one["admin"] else ""
        self._session.execute(
            sql.SQL("GRANT {} TO {}{}").format(
                sql.Identifier(one["role"]), sql.Identifier(one["member"]), sql.SQL(how)
            )
        )
