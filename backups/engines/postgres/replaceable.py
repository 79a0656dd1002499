"""Whether a database can be replaced: looked at beforehand, and again at the swap."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import psycopg
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from backups.engines import PreflightCheck
from backups.engines.postgres.connection import Server, named_failure
from backups.engines.postgres.findings import blocking, ok, warning
from backups.engines.postgres.swap import elsewhere
from backups.errors import BackupError, TargetBound

Session = psycopg.Connection[Any]

# What belongs to the database by its identity: it would stay with the old one, or be in the way.
_BOUND = {
    "slots": (
        "SELECT slot_name FROM pg_replication_slots WHERE database = %s ORDER BY 1",
        gettext_lazy("Logical replication slots belong to it: %(names)s. Drop them first."),
    ),
    "subscriptions": (
        "SELECT subname FROM pg_subscription JOIN pg_database d ON d.oid = subdbid"
        " WHERE datname = %s ORDER BY 1",
        gettext_lazy("Subscriptions belong to it: %(names)s. Drop them first."),
    ),
    "prepared": (
        "SELECT gid FROM pg_prepared_xacts WHERE database = %s ORDER BY 1",
        gettext_lazy("Prepared transactions wait in it: %(names)s. End them first."),
    ),
}


def look_at_target(server: Server, name: str, manifest: dict[str, Any]) -> list[PreflightCheck]:
    """Raises BackupError when the server cannot be asked."""
    with elsewhere(server, name).connect(application="holdfast:preflight") as session:
        try:
            row = session.execute(
                "SELECT datistemplate, datallowconn,"
                " pg_has_role(current_user, datdba, 'USAGE'), pg_get_userbyid(datdba)"
                " FROM pg_database WHERE datname = %s",
                [name],
            ).fetchone()
            if row is None:
                return [blocking("target_missing", _("There is no database of this name."))]
            return list(_checks(session, server, name, row, manifest))
        except psycopg.Error as error:
            raise named_failure(str(error)) from error


def refuse_bound(server: Server, name: str, *, application: str) -> None:
    """Raises TargetBound when something has come to belong to it since the preflight."""
    with elsewhere(server, name).connect(application=application) as session:
        try:
            found = [check.message for check in _bound(session, name)]
        except psycopg.Error as error:
            raise named_failure(str(error)) from error
    if found:
        raise TargetBound(" ".join(found))


def _checks(
    session: Session, server: Server, name: str, row: Any, manifest: dict[str, Any]
) -> Iterator[PreflightCheck]:
    is_template, is_open, is_owner, owner = row
    if is_template or not is_open:
        yield blocking("template", _("It is a template, or closed: it cannot be replaced."))
        return
    yield ok("name", _("It is there, and will be kept under another name."))
    if is_owner:
        yield ok("ownership", _("The user owns it, or acts for its owner."))
    else:
        said = _("Only its owner %(owner)s can rename it, or who is a member of that role.")
        yield blocking("ownership", said % {"owner": owner})
    yield from _bound(session, name) or [ok("bound", _("No slot or subscription hangs on it."))]
    yield from _publications(server, name)
    yield _sessions(session, name)
    yield _size(session, name)
    yield from _locale(session, name, manifest)


def _bound(session: Session, name: str) -> list[PreflightCheck]:
    found = []
    for code, (query, said) in _BOUND.items():
        names = [str(row[0]) for row in session.execute(query, [name]).fetchall()]
        if names:
            found.append(blocking(code, said % {"names": ", ".join(names)}))
    return found


def _publications(server: Server, name: str) -> Iterator[PreflightCheck]:
    try:
        with replace(server, database=name).connect(application="holdfast:preflight") as session:
            rows = session.execute("SELECT pubname FROM pg_publication ORDER BY 1").fetchall()
    except (BackupError, psycopg.Error):
        yield warning("publications", _("It does not let the user in: not all was looked at."))
        return
    if rows:
        said = _("It has publications: %(names)s. Who subscribes has to start anew.")
        names = ", ".join(str(row[0]) for row in rows)
        yield warning("publications", said % {"names": names})


def _sessions(session: Session, name: str) -> PreflightCheck:
    rows = session.execute(
        "SELECT coalesce(nullif(application_name, ''), '-'), count(*),"
        " bool_or(coalesce(NOT (pg_has_role(current_user, usesysid, 'USAGE')"
        " OR pg_has_role(current_user, 'pg_signal_backend', 'USAGE')), false))"
        " FROM pg_stat_activity WHERE datname = %s AND backend_type <> 'autovacuum worker'"
        " AND application_name <> 'holdfast:preflight'"
        " GROUP BY 1 ORDER BY 2 DESC, 1",
        [name],
    ).fetchall()
    if not rows:
        return ok("sessions", _("Nobody is connected."))
    said = _("%(count)d sessions will be ended at the swap: %(names)s.") % {
        "count": sum(row[1] for row in rows),
        "names": ", ".join(f"{row[0]} ({row[1]})" for row in rows[:10]),
    }
    if any(row[2] for row in rows):
        said += " " + _("Some of them the user may not end; grant pg_signal_backend.")
    return warning("sessions", said)


def _size(session: Session, name: str) -> PreflightCheck:
    row = session.execute(
        "SELECT CASE WHEN has_database_privilege(datname, 'CONNECT')"
        " THEN pg_database_size(oid) END FROM pg_database WHERE datname = %s",
        [name],
    ).fetchone()
    if row is None or row[0] is None:
        return ok("old_size", _("The old one stays beside the new one; its size is not told."))
    said = _("The old one stays beside the new one, with %(size)s MB, until it is dropped.")
    return ok("old_size", said % {"size": int(row[0]) >> 20})


def _locale(session: Session, name: str, manifest: dict[str, Any]) -> Iterator[PreflightCheck]:
    marks = manifest["contents"].get("fingerprint")
    row = session.execute(
        "SELECT pg_encoding_to_char(encoding), datcollate FROM pg_database WHERE datname = %s",
        [name],
    ).fetchone()
    if marks is None or row is None:
        return
    made = marks["database"]
    if row != (made["encoding"], made["collate"]):
        said = _("It has %(here)s, and will have %(there)s as the source of the backup.")
        yield warning(
            "target_locale",
            said
            % {"here": f"{row[0]}, {row[1]}", "there": f"{made['encoding']}, {made['collate']}"},
        )
