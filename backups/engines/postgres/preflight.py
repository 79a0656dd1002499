"""What a restore to a server of the user's needs, looked at before anything is touched."""

from collections.abc import Iterator
from typing import Any

import psycopg
from django.utils.translation import gettext as _

from backups.engines import PreflightCheck, RestoreOptions
from backups.engines.postgres.clients import choose_for_reading
from backups.engines.postgres.connection import Server, named_failure
from backups.engines.postgres.outside.looking import contents_are_from_outside, look_at_outside
from backups.engines.postgres.preparation import missing_extensions
from backups.engines.postgres.replaceable import look_at_target
from backups.engines.postgres.target import database_exists
from backups.errors import VersionMismatch

# PostgreSQL cuts longer names (NAMEDATALEN).
LONGEST_NAME = 63


def preflight(
    server: Server, manifest: dict[str, Any], *, name: str, replaces: bool, options: RestoreOptions
) -> list[PreflightCheck]:
    """See `backups.engines.Engine.preflight`."""
    replacing = look_at_target(server, name, manifest) if replaces else []
    with server.connect(application="holdfast:preflight") as session:
        try:
            named = [] if replaces else [_name(session, name)]
            return [*named, *replacing, *_checks(session, manifest, options)]
        except psycopg.Error as error:
            raise named_failure(str(error)) from error


def _checks(
    session: psycopg.Connection[Any], manifest: dict[str, Any], options: RestoreOptions
) -> Iterator[PreflightCheck]:
    marks = manifest["contents"].get("fingerprint")
    yield _version(session, manifest)
    yield _privileges(session)
    if contents_are_from_outside(manifest):
        yield from look_at_outside(session, manifest["contents"])
        return
    if marks is None:
        yield _warning(
            "fingerprints", _("It was made without fingerprints: the copy cannot be compared.")
        )
        return
    yield _extensions(session, marks)
    if options.keep_owners:
        yield _roles(session, marks["roles"])
    yield _locale(session, marks["database"])


def _name(session: psycopg.Connection[Any], name: str) -> PreflightCheck:
    if not name or "\0" in name or len(name.encode()) > LONGEST_NAME:
        return _blocking("name", _("A database's name has 1 to 63 bytes."))
    if database_exists(session, name):
        return _blocking("target_exists", _("There is a database of this name already."))
    return _ok("name", _("The name is free."))


def _version(session: psycopg.Connection[Any], manifest: dict[str, Any]) -> PreflightCheck:
    contents = manifest["contents"]
    there = session.info.server_version // 10000
    archive = int(contents["tool_major"])
    try:
        choose_for_reading(archive, needs_zstd=bool(contents.get("zstd_inside")))
    except VersionMismatch as error:
        return _blocking("client", str(error))
    versions = {"there": there, "source": manifest["server_version"]}
    if there < archive:
        said = _("The server is PostgreSQL %(there)s, older than the archive's %(source)s.")
        return _blocking("version", said % versions)
    return _ok("version", _("PostgreSQL %(source)s into %(there)s.") % versions)


def _privileges(session: psycopg.Connection[Any]) -> PreflightCheck:
    row = session.execute(
        "SELECT rolsuper OR rolcreatedb FROM pg_roles WHERE rolname = current_user"
    ).fetchone()
    if row is None or not row[0]:
        return _blocking("privileges", _("The user may not create databases: ALTER ROLE CREATEDB."))
    return _ok("privileges", _("The user may create databases."))


def _extensions(session: psycopg.Connection[Any], marks: dict[str, Any]) -> PreflightCheck:
    missing = missing_extensions(session, marks)
    if missing:
        said = _("The server lacks the extensions %(names)s.") % {"names": ", ".join(missing)}
        return _blocking("extensions", said)
    return _ok("extensions", _("All extensions can be had."))


def _roles(session: psycopg.Connection[Any], roles: list[str]) -> PreflightCheck:
    """Whom the archive names, and whether the user can give things to them."""
    rows = session.execute(
        "SELECT rolname, pg_has_role(current_user, oid, 'MEMBER') FROM pg_roles"
        " WHERE rolname = ANY(%s)",
        [roles],
    ).fetchall()
    missing = sorted(set(roles) - {row[0] for row in rows})
    if missing:
        said = _("The server lacks the roles %(names)s. Make them, or restore without owners.")
        return _blocking("roles", said % {"names": ", ".join(missing)})
    foreign = sorted(row[0] for row in rows if not row[1])
    if foreign:
        said = _("The user is no member of %(names)s, and cannot make them owners.")
        return _blocking("roles", said % {"names": ", ".join(foreign)})
    return _ok("roles", _("All owners are there."))


def _locale(session: psycopg.Connection[Any], database: dict[str, Any]) -> PreflightCheck:
    row = session.execute(
        "SELECT count(*) FROM pg_collation WHERE collcollate = %s OR collname = %s",
        [database["collate"], database["collate"]],
    ).fetchone()
    if row is None or not row[0]:
        said = _("The server may lack the locale %(name)s; C would stand in for it.")
        return _warning("locale", said % {"name": database["collate"]})
    return _ok("locale", _("%(encoding)s, %(collate)s.") % database)


def _ok(code: str, message: str) -> PreflightCheck:
    return PreflightCheck(code, "ok", message)


def _warning(code: str, message: str) -> PreflightCheck:
    return PreflightCheck(code, "warning", message)


def _blocking(code: str, message: str) -> PreflightCheck:
    return PreflightCheck(code, "blocking", message)
