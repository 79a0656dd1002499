"""What a restore to a server of the user's needs, looked at before anything is touched."""

from collections.abc import Iterator
from typing import Any

import psycopg
from django.utils.translation import gettext as _

from backups.engines import PreflightCheck, RestoreOptions
from backups.engines.postgres import needed
from backups.engines.postgres.clients import choose_for_restoring
from backups.engines.postgres.connection import Server, named_failure
from backups.engines.postgres.findings import blocking, ok, warning
from backups.engines.postgres.outside.looking import contents_are_from_outside, look_at_outside
from backups.engines.postgres.parallel import has_room
from backups.engines.postgres.replaceable import look_at_target
from backups.engines.postgres.roles import altering
from backups.engines.postgres.room import free_space
from backups.engines.postgres.target import database_exists
from backups.errors import VersionMismatch
from backups.file_errors import NoSafeClient

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
            checks = _checks(session, server, manifest, options, replaces=replaces)
            return [*named, *replacing, *checks]
        except psycopg.Error as error:
            raise named_failure(str(error)) from error


def _checks(
    session: psycopg.Connection[Any],
    server: Server,
    manifest: dict[str, Any],
    options: RestoreOptions,
    *,
    replaces: bool,
) -> Iterator[PreflightCheck]:
    marks = manifest["contents"].get("fingerprint")
    yield from _versions(session, server, manifest, options)
    yield _privileges(session)
    yield free_space(session, server, manifest)
    if contents_are_from_outside(manifest):
        yield from look_at_outside(session, manifest["contents"], options, replaces=replaces)
        return
    yield from needed.selection(manifest["contents"], options)
    coming = set[str]()
    if options.with_globals:
        looked = needed.roles_held(session, manifest["contents"], options)
        coming = looked.coming
        yield looked.check
    if marks is None:
        yield warning(
            "fingerprints", _("It was made without fingerprints: the copy cannot be compared.")
        )
    else:
        yield from needed.extensions(session, marks, options)
        yield from _locale(session, marks["database"])
    yield from needed.roles(session, marks["roles"] if marks else [], options, coming=coming)


def _name(session: psycopg.Connection[Any], name: str) -> PreflightCheck:
    if not name or "\0" in name or len(name.encode()) > LONGEST_NAME:
        return blocking("name", _("A database's name has 1 to 63 bytes."))
    if database_exists(session, name):
        return blocking("target_exists", _("There is a database of this name already."))
    return ok("name", _("The name is free."))


def _versions(
    session: psycopg.Connection[Any],
    server: Server,
    manifest: dict[str, Any],
    options: RestoreOptions,
) -> Iterator[PreflightCheck]:
    contents = manifest["contents"]
    there = session.info.server_version // 10000
    archive = int(contents["tool_major"])
    versions = {"there": there, "source": manifest["server_version"]}
    try:
        readers = choose_for_restoring(
            archive,
            there,
            needs_zstd=bool(contents.get("zstd_inside")),
            needs_tls=server.needs_tls,
        )
    except (NoSafeClient, VersionMismatch) as error:
        yield blocking("client", str(error))
        return
    if there < min(archive, _major(manifest)):
        said = _(
            "The server is PostgreSQL %(there)s, older than the source's %(source)s: what it does"
            " not know makes the restore fail, and then nothing stays."
        )
        yield warning("version", said % versions)
    else:
        yield ok("version", _("PostgreSQL %(source)s into %(there)s.") % versions)
    if options.jobs > 1 and readers.psql is not None:
        yield warning("jobs", _("As text an archive is restored in one stream, not in parallel."))
    elif options.jobs > 1 and not has_room(manifest):
        said = _("Too little room to unpack the archive here: restored in one stream.")
        yield warning("jobs", said)


def _major(manifest: dict[str, Any]) -> int:
    """The source's own: its client may have been newer."""
    first = str(manifest["server_version"]).split(".", 1)[0]
    return int(first) if first.isdigit() else int(manifest["contents"]["tool_major"])


def _privileges(session: psycopg.Connection[Any]) -> PreflightCheck:
    row = session.execute(
        "SELECT rolsuper OR rolcreatedb FROM pg_roles WHERE rolname = current_user"
    ).fetchone()
    if row is None or not row[0]:
        said = _(
            "The user may not create databases. Let an administrator of the server say: %(alter)s"
        )
        return blocking("privileges", said % {"alter": altering(session, "CREATEDB")})
    return ok("privileges", _("The user may create databases."))


def _locale(session: psycopg.Connection[Any], database: dict[str, Any]) -> Iterator[PreflightCheck]:
    row = session.execute(
        "SELECT count(*) FROM pg_collation WHERE collcollate = %s OR collname = %s",
        [database["collate"], database["collate"]],
    ).fetchone()
    if row is None or not row[0]:
        said = _("The server may lack the locale %(name)s; C would stand in for it.")
        yield warning("locale", said % {"name": database["collate"]})
    elif database.get("locale_provider") not in ("c", None):
        said = _("The source's order of letters was not the system's; %(name)s stands in for it.")
        yield warning("locale", said % {"name": database["collate"]})
    else:
        yield ok("locale", _("%(encoding)s, %(collate)s.") % database)
