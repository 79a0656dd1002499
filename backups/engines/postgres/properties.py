"""What belongs to a database and not to what is in it: no dump of its content brings it along.

Owner, grants, connection limit, settings (for all and for a role), comment, security labels.
"""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Any

import psycopg
from django.utils.translation import gettext as _
from psycopg import sql

from backups.errors import PropertiesLost

Session = psycopg.Connection[Any]

PRIVILEGES = {"CREATE", "CONNECT", "TEMPORARY"}
# Their values are lists of quoted names (variable_is_guc_list_quote in PostgreSQL's dumputils.c).
LISTS = {
    "local_preload_libraries",
    "search_path",
    "session_preload_libraries",
    "shared_preload_libraries",
    "temp_tablespaces",
    "unix_socket_directories",
}


@dataclass(frozen=True, order=True)
class Grant:
    grantor: str
    # Empty: everybody.
    grantee: str
    privilege: str
    may_grant: bool


@dataclass(frozen=True)
class Properties:
    owner: str
    # None: the default, in which everybody may connect.
    grants: tuple[Grant, ...] | None
    connection_limit: int
    # (role or empty for all, name, value)
    settings: tuple[tuple[str, str, str], ...]
    comment: str | None
    # (provider, label)
    labels: tuple[tuple[str, str], ...]


def read_properties(session: Session, name: str) -> Properties:
    row = session.execute(
        "SELECT oid, pg_get_userbyid(datdba), datconnlimit, datacl IS NULL"
        # Once something was granted and revoked, the default is spelled out.
        " OR (datacl @> acldefault('d', datdba) AND datacl <@ acldefault('d', datdba)),"
        " shobj_description(oid, 'pg_database') FROM pg_database WHERE datname = %s",
        [name],
    ).fetchone()
    if row is None:
        raise PropertiesLost(_("%(name)s is gone.") % {"name": name})
    oid, owner, limit, by_default, comment = row
    return Properties(
        owner=owner,
        grants=None if by_default else _grants(session, oid),
        connection_limit=limit,
        settings=_settings(session, oid),
        comment=comment,
        labels=tuple(
            session.execute(
                "SELECT provider, label FROM pg_shseclabel"
                " WHERE classoid = 'pg_database'::regclass AND objoid = %s ORDER BY 1",
                [oid],
            ).fetchall()
        ),
    )


def carry_over(session: Session, *, source: str, to: str) -> None:
    """Give `to`, a fresh database, the properties of `source`. Raises PropertiesLost.

    Call it in a transaction: what was carried is read again, and has to be the same.
    """
    wanted = read_properties(session, source)
    try:
        _write(session, to, wanted)
    except psycopg.Error as error:
        said = _("The user cannot give the new database what the old one has: %(said)s")
        first = str(error).strip().splitlines()
        raise PropertiesLost(
            said % {"said": first[0] if first else ""}, detail=str(error)
        ) from error
    found = read_properties(session, to)
    lost = [
        field.name
        for field in fields(Properties)
        if getattr(found, field.name) != getattr(wanted, field.name)
    ]
    if lost:
        said = _("The new database cannot have the old one's: %(names)s.")
        raise PropertiesLost(said % {"names": ", ".join(lost)})


def rehearse(session: Session, *, source: str, to: str) -> None:
    """Find out whether it will work, before hours of work, and leave `to` as it is."""
    session.execute("BEGIN")
    try:
        carry_over(session, source=source, to=to)
    finally:
        session.execute("ROLLBACK")


def move_beside(session: Session, name: str, other: str) -> None:
    """A fresh database to the tablespace where the other one lies."""
    row = session.execute(
        "SELECT spcname FROM pg_database JOIN pg_tablespace s ON s.oid = dattablespace"
        " WHERE datname = %s AND dattablespace <>"
        " (SELECT dattablespace FROM pg_database WHERE datname = %s)",
        [other, name],
    ).fetchone()
    if row is not None:
        session.execute(
            sql.SQL("ALTER DATABASE {} SET TABLESPACE {}").format(
                sql.Identifier(name), sql.Identifier(row[0])
            )
        )


def read_comment(session: Session, name: str) -> str | None:
    return read_properties(session, name).comment


def write_comment(session: Session, name: str, comment: str | None) -> None:
    session.execute(
        sql.SQL("COMMENT ON DATABASE {} IS {}").format(sql.Identifier(name), sql.Literal(comment))
    )


def _grants(session: Session, oid: int) -> tuple[Grant, ...]:
    rows = session.execute(
        "SELECT pg_get_userbyid(grantor),"
        " CASE WHEN grantee = 0 THEN '' ELSE pg_get_userbyid(grantee) END,"
        " privilege_type, is_grantable"
        " FROM pg_database, aclexplode(datacl) WHERE pg_database.oid = %s",
        [oid],
    ).fetchall()
    return tuple(sorted(Grant(*row) for row in rows))


def _settings(session: Session, oid: int) -> tuple[tuple[str, str, str], ...]:
    rows = session.execute(
        "SELECT CASE WHEN setrole = 0 THEN '' ELSE pg_get_userbyid(setrole) END, one"
        " FROM pg_db_role_setting, unnest(setconfig) one WHERE setdatabase = %s",
        [oid],
    ).fetchall()
    return tuple(sorted((role, *one.split("=", 1)) for role, one in rows))


def _write(session: Session, name: str, wanted: Properties) -> None:
    database = sql.Identifier(name)
    session.execute(
        sql.SQL("ALTER DATABASE {} OWNER TO {}").format(database, sql.Identifier(wanted.owner))
    )
    session.execute(
        sql.SQL("ALTER DATABASE {} CONNECTION LIMIT {}").format(
            database, sql.Literal(wanted.connection_limit)
        )
    )
    if wanted.grants is not None:
        _write_grants(session, name, wanted.owner, wanted.grants)
    for role, setting, value in wanted.settings:
        whose = sql.SQL("ALTER DATABASE {}").format(database)
        if role:
            whose = sql.SQL("ALTER ROLE {} IN DATABASE {}").format(sql.Identifier(role), database)
        session.execute(
            sql.SQL("{} SET {} TO {}").format(
                whose, sql.Identifier(*setting.split(".")), setting_value(setting, value)
            )
        )
    write_comment(session, name, wanted.comment)
    for provider, label in wanted.labels:
        session.execute(
            sql.SQL("SECURITY LABEL FOR {} ON DATABASE {} IS {}").format(
                sql.Identifier(provider), database, sql.Literal(label)
            )
        )


def _write_grants(session: Session, name: str, owner: str, grants: Sequence[Grant]) -> None:
    database = sql.Identifier(name)
    for grantee in (sql.SQL("PUBLIC"), sql.Identifier(owner)):
        session.execute(sql.SQL("REVOKE ALL ON DATABASE {} FROM {}").format(database, grantee))
    if unknown := {grant.privilege for grant in grants} - PRIVILEGES:
        raise PropertiesLost(_("Unknown privileges: %s.") % ", ".join(sorted(unknown)))
    left = list(grants)
    while left:
        # Who got a right with the right to pass it on may have passed it on.
        given = [grant for grant in left if _may_give(session, name, owner, grant)]
        if not given:
            names = ", ".join(sorted({grant.grantor for grant in left}))
            raise PropertiesLost(_("The user cannot grant in the name of %s.") % names)
        for grant in given:
            _give(session, name, owner, grant)
        left = [grant for grant in left if grant not in given]


def _may_give(session: Session, name: str, owner: str, grant: Grant) -> bool:
    if grant.grantor == owner:
        return True
    row = session.execute(
        "SELECT has_database_privilege(%s, %s, %s)",
        [grant.grantor, name, f"{grant.privilege} WITH GRANT OPTION"],
    ).fetchone()
    return row is not None and bool(row[0])


def _give(session: Session, name: str, owner: str, grant: Grant) -> None:
    if grant.grantor != owner:
        session.execute(sql.SQL("SET LOCAL ROLE {}").format(sql.Identifier(grant.grantor)))
    session.execute(
        sql.SQL("GRANT {} ON DATABASE {} TO {}{}").format(
            sql.SQL(grant.privilege),
            sql.Identifier(name),
            sql.Identifier(grant.grantee) if grant.grantee else sql.SQL("PUBLIC"),
            sql.SQL(" WITH GRANT OPTION" if grant.may_grant else ""),
        )
    )
    if grant.grantor != owner:
        session.execute("RESET ROLE")


def setting_value(setting: str, value: str) -> sql.Composable:
    """As it stands in pg_db_role_setting, to be given to SET."""
    if setting not in LISTS:
        return sql.Literal(value)
    names = _names(value)
    return sql.SQL(", ").join(sql.Literal(name) for name in names) if names else sql.Literal("")


def _names(value: str) -> list[str]:
    """``"$user", public`` as its names: quoted ones keep their case and what is doubled in them."""
    found: list[str] = []
    rest = value.strip()
    while rest:
        if rest.startswith('"'):
            end = 1
            while rest[end : end + 1] != '"' or rest[end : end + 2] == '""':
                end += 2 if rest[end : end + 2] == '""' else 1
                if end >= len(rest):
                    break
            found.append(rest[1:end].replace('""', '"'))
            rest = rest[end + 1 :].lstrip()
        else:
            name, comma, after = rest.partition(",")
            found.append(name.strip())
            rest = comma + after
        rest = rest.removeprefix(",").lstrip()
    return found
