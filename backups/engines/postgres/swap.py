"""Databases change names: all of it in one transaction, or nothing.

A rename waits until nobody is connected, and lets nobody in while it waits (it holds the
database's lock; a session that wants in waits for that). So sessions are ended from beside it:
whoever comes back at once stands before the door until the names have changed.
"""

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

import psycopg
from django.utils.translation import gettext as _
from psycopg import sql

from backups.engines import Swap
from backups.engines.postgres.connection import Server, named_failure
from backups.engines.postgres.properties import carry_over, read_comment, write_comment
from backups.errors import (
    AuthenticationFailed,
    NoOtherDatabase,
    PermissionDenied,
    SessionsStay,
    TargetChanged,
    TargetExists,
    UnknownDatabase,
    Unsettled,
)
from faults import reach

ENDING_EACH_SECONDS = 0.05
# The server itself waits five seconds for others to leave. The rest bounds how long the door is
# shut by a process of ours that hangs. A reported commit is on the disk, whatever the default is.
LIMITS = (
    "SET LOCAL lock_timeout = '3s'",
    "SET LOCAL statement_timeout = '15s'",
    "SET LOCAL idle_in_transaction_session_timeout = '5s'",
    "SET LOCAL synchronous_commit = on",
)


@dataclass(frozen=True)
class Change:
    id: int
    before: str
    after: str


def swap_names(server: Server, swap: Swap, *, application: str) -> None:
    """See `backups.engines.Engine.swap`."""

    def dress(session: psycopg.Connection[Any]) -> None:
        reach("swap.renamed")
        if swap.carry:
            carry_over(session, source=swap.kept, to=swap.name)
        else:
            write_comment(session, swap.name, read_comment(session, swap.kept))
        write_comment(session, swap.kept, swap.note)
        reach("swap.before-commit")

    change_names(
        server,
        [
            Change(swap.goes, swap.name, swap.kept),
            Change(swap.comes, swap.comes_from, swap.name),
        ],
        application=application,
        dress=dress,
    )


def change_names(
    server: Server,
    changes: Sequence[Change],
    *,
    application: str,
    dress: Callable[[psycopg.Connection[Any]], None],
) -> None:
    """Rename in this order; `dress` does the rest of the same transaction.

    Raises SessionsStay, TargetExists, TargetChanged or another BackupError: then nothing has
    changed. Raises Unsettled when the answer to COMMIT was lost.
    """
    taken = [name for change in changes for name in (change.before, change.after)]
    there = elsewhere(server, *taken)
    ids = [change.id for change in changes]
    with there.connect(application=application) as session, _ending_sessions(there, ids):
        try:
            session.execute("BEGIN")
            for limit in LIMITS:
                session.execute(limit)
            for change in changes:
                _rename(session, change)
            dress(session)
        except (
            psycopg.errors.ObjectInUse,
            psycopg.errors.LockNotAvailable,
            psycopg.errors.QueryCanceled,
        ) as error:
            text = _("Sessions on %(name)s do not end: %(said)s")
            said = str(error).strip().splitlines()
            raise SessionsStay(
                text % {"name": changes[0].before, "said": said[-1] if said else ""}
            ) from error
        except psycopg.Error as error:
            raise named_failure(str(error)) from error
        try:
            session.execute("COMMIT")
        except psycopg.Error as error:
            if not session.broken:
                raise named_failure(str(error)) from error
            raise Unsettled(
                _("The server was lost while the names changed."), detail=str(error)
            ) from error


def elsewhere(server: Server, *names: str) -> Server:
    """The same server, reached through a database that has none of these names."""
    refusal: Exception | None = None
    for name in dict.fromkeys(("postgres", server.database, "template1")):
        if name in names:
            continue
        found = replace(server, database=name)
        try:
            found.connect(application="holdfast:look").close()
        except (AuthenticationFailed, PermissionDenied, UnknownDatabase) as error:
            refusal = error
        else:
            return found
    said = _("Neither postgres nor template1 on that server lets the user in; one is needed.")
    raise NoOtherDatabase(said, detail=str(refusal or ""))


def whereabouts(server: Server, ids: Sequence[int]) -> dict[int, str]:
    """What these databases are called now. One that is gone is left out."""
    with elsewhere(server).connect(application="holdfast:look") as session:
        try:
            rows = session.execute(
                "SELECT oid::bigint, datname FROM pg_database WHERE oid::bigint = ANY(%s)",
                [list(ids)],
            ).fetchall()
        except psycopg.Error as error:
            raise named_failure(str(error)) from error
    return {int(str(row[0])): str(row[1]) for row in rows}


def drop_kept(server: Server, *, name: str, id: int, note: str) -> None:
    """See `backups.engines.Engine.drop_kept`."""
    with elsewhere(server, name).connect(application="holdfast:drop") as session:
        try:
            found = session.execute(
                "SELECT oid::bigint, datname, shobj_description(oid, 'pg_database')"
                " FROM pg_database WHERE oid::bigint = %s OR datname = %s",
                [id, name],
            ).fetchall()
            if not found:
                return
            if found != [(id, name, note)]:
                said = _("%(name)s is not what was kept any more, and stays; drop it by hand.")
                raise TargetChanged(said % {"name": name})
            session.execute(
                sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name))
            )
        except psycopg.Error as error:
            raise named_failure(str(error)) from error


def _rename(session: psycopg.Connection[Any], change: Change) -> None:
    try:
        session.execute(
            sql.SQL("ALTER DATABASE {} RENAME TO {}").format(
                sql.Identifier(change.before), sql.Identifier(change.after)
            )
        )
    except psycopg.errors.DuplicateDatabase as error:
        said = _("There is a database named %(name)s already.")
        raise TargetExists(said % {"name": change.after}) from error
    except psycopg.errors.InvalidCatalogName as error:
        raise _changed(change) from error
    row = session.execute(
        "SELECT oid::bigint FROM pg_database WHERE datname = %s", [change.after]
    ).fetchone()
    if row != (change.id,):
        raise _changed(change)


def _changed(change: Change) -> TargetChanged:
    said = _("%(name)s is another database than it was, or gone.")
    return TargetChanged(said % {"name": change.before})


@contextmanager
def _ending_sessions(server: Server, ids: Sequence[int]) -> Iterator[None]:
    """End every session on these databases for the length of the block, again and again."""
    done = threading.Event()
    with server.connect(application="holdfast:end") as session:
        thread = threading.Thread(target=_end_sessions, args=(session, ids, done), daemon=True)
        thread.start()
        try:
            yield
        finally:
            done.set()
            thread.join()


def _end_sessions(
    session: psycopg.Connection[Any], ids: Sequence[int], done: threading.Event
) -> None:
    # Workers of autovacuum leave by themselves when a rename waits, and belong to nobody.
    there = (
        "SELECT pid FROM pg_stat_activity WHERE datid::bigint = ANY(%s)"
        " AND backend_type <> 'autovacuum worker'"
    )
    while not done.wait(ENDING_EACH_SECONDS):
        try:
            for row in session.execute(there, [list(ids)]).fetchall():
                _end_session(session, int(str(row[0])))
        except psycopg.Error:
            # The rename says who is in the way.
            if session.broken:
                return


def _end_session(session: psycopg.Connection[Any], pid: int) -> None:
    try:
        session.execute("SELECT pg_terminate_backend(%s)", [pid])
    except psycopg.errors.InsufficientPrivilege:
        pass
