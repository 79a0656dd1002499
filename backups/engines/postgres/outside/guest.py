"""The role that restores what strangers wrote: it may do nothing outside of its one database.

It is made for one attempt, with a password that nobody else knows and that ends soon. What it
made stays its own afterwards, under another name and without a way in: given to a superuser, a
function in an index would run with a superuser's rights at the next autovacuum.
"""

import secrets
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import psycopg
from django.utils.translation import gettext as _
from psycopg import sql

from backups.engines.postgres.connection import Server, named_failure
from backups.engines.postgres.roles import may_make_roles
from backups.errors import AuthenticationFailed, SessionsStay
from backups.file_errors import RoleNeeded
from faults import reach

DRAFTS = "holdfast_"
# Asked for anew before each way in.
VALID_FOR = "10 minutes"
CONNECTIONS = 4
ENDING_SECONDS, POLL_SECONDS = 15.0, 0.1
INHERITS_SINCE = 160000
PUBLIC_IS_THE_OWNERS_SINCE = 150000


def guest_name(draft: str) -> str:
    return f"{DRAFTS}r_{draft.removeprefix(DRAFTS)}"


def owner_name(draft: str) -> str:
    """Whose all of it is in the end."""
    return f"{DRAFTS}o_{draft.removeprefix(DRAFTS)}"


@contextmanager
def invited(
    server: Server, *, application: str, connections: int = CONNECTIONS
) -> Iterator[Server]:
    """A guest's way into the server's database. What is left of it, `forget_roles` drops.

    Raises RoleNeeded when the server's user cannot make one, or the server lets none in.
    """
    guest = replace(server, user=guest_name(server.database), password=secrets.token_urlsafe(32))
    with server.connect(application=application) as session:
        if not may_make_roles(session):
            raise RoleNeeded(
                _("The user may not make roles; a file from elsewhere needs one of its own.")
            )
        try:
            _make(session, guest, connections)
        except psycopg.Error as error:
            raise named_failure(str(error)) from error
    reach("outside.guest-made")
    try:
        guest.connect(application=application).close()
    except AuthenticationFailed as error:
        raise RoleNeeded(
            _("The server lets no new role in with a password: see its pg_hba.conf."),
            detail=error.detail,
        ) from error
    yield guest


def let_in_again(server: Server, guest: Server, *, application: str) -> None:
    with server.connect(application=application) as session:
        until = sql.Literal(_soon(session))
        session.execute(
            sql.SQL("ALTER ROLE {} VALID UNTIL {}").format(sql.Identifier(guest.user), until)
        )


def hand_over(server: Server, guest: Server, *, application: str) -> None:
    """It loses its way in, and what it may have set for those who come after it.

    Raises SessionsStay when a session of its own does not end.
    """
    name, owner = sql.Identifier(guest.user), sql.Identifier(owner_name(server.database))
    database = sql.Identifier(server.database)
    with server.connect(application=application) as session:
        with session.transaction():
            for text in (
                "ALTER ROLE {} NOLOGIN PASSWORD NULL VALID UNTIL 'infinity'",
                "ALTER ROLE {} RESET ALL",
            ):
                session.execute(sql.SQL(text).format(name))
            session.execute(
                sql.SQL("ALTER ROLE {} IN DATABASE {} RESET ALL").format(name, database)
            )
            session.execute(sql.SQL("REVOKE ALL ON DATABASE {} FROM {}").format(database, name))
            session.execute(sql.SQL("ALTER ROLE {} RENAME TO {}").format(name, owner))
        # It may have changed its own password, and told somebody. Nobody comes any more now.
        _end_sessions(session, owner_name(server.database))
    reach("outside.handed-over")


def _end_sessions(session: psycopg.Connection[Any], role: str) -> None:
    until = time.monotonic() + ENDING_SECONDS
    while session.execute(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = %s", [role]
    ).fetchall():
        if time.monotonic() > until:
            raise SessionsStay(_("A session of the restoring role does not end."))
        time.sleep(POLL_SECONDS)


def forget_roles(session: psycopg.Connection[Any], draft: str) -> None:
    """Drop what an attempt has left. One that owns a database by now is left alone."""
    names = [guest_name(draft), owner_name(draft)]
    # Asked first: to drop a role that is not there is refused to who may drop none.
    there = session.execute(
        "SELECT rolname FROM pg_roles WHERE rolname = ANY(%s)", [names]
    ).fetchall()
    for (name,) in there:
        try:
            session.execute(sql.SQL("DROP ROLE IF EXISTS {}").format(sql.Identifier(name)))
        except psycopg.errors.DependentObjectsStillExist:
            pass


def _make(session: psycopg.Connection[Any], guest: Server, connections: int) -> None:
    name = sql.Identifier(guest.user)
    # What is sent is its SCRAM verifier: the server may log its statements.
    secret = session.pgconn.encrypt_password(guest.password.encode(), guest.user.encode()).decode()
    with session.transaction():
        session.execute(
            sql.SQL(
                "CREATE ROLE {} LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION"
                " NOBYPASSRLS CONNECTION LIMIT {} PASSWORD {} VALID UNTIL {}"
            ).format(
                name, sql.Literal(connections), sql.Literal(secret), sql.Literal(_soon(session))
            )
        )
        is_super = is_superuser(session)
        if not is_super:
            how = "" if session.info.server_version < INHERITS_SINCE else " WITH INHERIT TRUE"
            session.execute(sql.SQL("GRANT {} TO CURRENT_USER" + how).format(name))
        session.execute(
            sql.SQL("GRANT CONNECT, CREATE, TEMPORARY ON DATABASE {} TO {}").format(
                sql.Identifier(guest.database), name
            )
        )
        if is_super or session.info.server_version >= PUBLIC_IS_THE_OWNERS_SINCE:
            session.execute(sql.SQL("ALTER SCHEMA public OWNER TO {}").format(name))


def is_superuser(session: psycopg.Connection[Any]) -> bool:
    row = session.execute("SELECT rolsuper FROM pg_roles WHERE rolname = current_user").fetchone()
    return row is not None and bool(row[0])


def _soon(session: psycopg.Connection[Any]) -> str:
    """By the server's clock."""
    row = session.execute(f"SELECT (now() + interval '{VALID_FOR}')::text").fetchone()
    assert row is not None
    return str(row[0])
