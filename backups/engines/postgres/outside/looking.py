"""What a file from elsewhere needs of a server, looked at beforehand."""

from collections.abc import Iterator
from typing import Any

import psycopg
from django.utils.translation import gettext as _

from backups.engines import PreflightCheck, RestoreOptions
from backups.engines.postgres.clients import choose_for_scripts
from backups.engines.postgres.needed import selection
from backups.engines.postgres.outside.giving import look_at_owner
from backups.engines.postgres.outside.guest import is_superuser
from backups.engines.postgres.roles import altering, may_make_roles
from backups.file_errors import NoSafeClient

TRUSTED_SINCE = 130000


def contents_are_from_outside(manifest: dict[str, Any]) -> bool:
    return bool(manifest["contents"].get("outside"))


def look_at_outside(
    session: psycopg.Connection[Any],
    contents: dict[str, Any],
    options: RestoreOptions,
    *,
    replaces: bool,
) -> Iterator[PreflightCheck]:
    yield PreflightCheck(
        "fingerprints", "warning", _("Nothing says what it should hold: its rows are counted.")
    )
    yield _role(session)
    if options.role:
        yield look_at_owner(session, options.role)
    elif replaces:
        said = _(
            "Without an owner all of it belongs to a role of its own: who works with the database"
            " now finds its tables closed."
        )
        yield PreflightCheck("owner", "warning", said)
    yield from _of_the_format(contents, options)
    if contents["format"] == "plain":
        yield _client(needs_tls=session.pgconn.ssl_in_use)
    if contents["extensions"]:
        yield _extensions(session, contents)


def _of_the_format(contents: dict[str, Any], options: RestoreOptions) -> Iterator[PreflightCheck]:
    if contents["format"] != "plain":
        if contents["items"] is not None:
            yield from selection(contents, options)
        return
    if options.is_part:
        said = _("Plain SQL has no table of contents: all of it is restored, or nothing.")
        yield PreflightCheck("selection", "blocking", said)
    if options.jobs > 1:
        said = _("Plain SQL is restored in one stream, not in parallel.")
        yield PreflightCheck("jobs", "blocking", said)


def _role(session: psycopg.Connection[Any]) -> PreflightCheck:
    if not may_make_roles(session):
        said = _(
            "A file from elsewhere is restored by a role of its own, which the user may not make."
            " Let an administrator of the server say: %(alter)s"
        )
        alter = altering(session, "CREATEROLE")
        return PreflightCheck("role", "blocking", said % {"alter": alter})
    return PreflightCheck("role", "ok", _("A role without rights is made for it."))


def _client(*, needs_tls: bool) -> PreflightCheck:
    try:
        clients = choose_for_scripts(needs_tls=needs_tls)
    except NoSafeClient as error:
        return PreflightCheck("client", "blocking", str(error))
    return PreflightCheck("client", "ok", _("psql %s reads it.") % clients.version)


def _extensions(session: psycopg.Connection[Any], contents: dict[str, Any]) -> PreflightCheck:
    wanted = contents["extensions"]
    missing = sorted(set(wanted) - _names(session, "SELECT name FROM pg_available_extensions"))
    if missing:
        said = _("The server lacks the extensions %(names)s.") % {"names": ", ".join(missing)}
        return PreflightCheck("extensions", "blocking", said)
    untrusted = untrusted_extensions(session, wanted)
    if not untrusted:
        return PreflightCheck("extensions", "ok", _("All extensions can be had."))
    names = {"names": ", ".join(untrusted)}
    if not is_superuser(session):
        said = _("Only a superuser can make the extensions %(names)s.") % names
        return PreflightCheck("extensions", "blocking", said)
    if not contents.get("accepts_extensions"):
        said = _("An administrator has to agree to the extensions %(names)s (accept_extensions).")
        return PreflightCheck("extensions", "blocking", said % names)
    said = _("The extensions %(names)s are made by the connection's own user.") % names
    return PreflightCheck("extensions", "warning", said)


def untrusted_extensions(session: psycopg.Connection[Any], wanted: list[str]) -> list[str]:
    """Those that a role without rights cannot make."""
    if session.info.server_version < TRUSTED_SINCE:
        return sorted(set(wanted))
    trusted = _names(
        session, "SELECT DISTINCT name FROM pg_available_extension_versions WHERE trusted"
    )
    return sorted(set(wanted) - trusted)


def _names(session: psycopg.Connection[Any], query: str) -> set[str]:
    return {str(row[0]) for row in session.execute(query).fetchall()}
