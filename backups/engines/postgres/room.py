"""Whether a server has room for a restored copy, as far as that can be known from here."""

import shutil
from typing import Any

import psycopg
from django.utils.translation import gettext as _

from backups.engines import PreflightCheck
from backups.engines.postgres.connection import Server
from backups.engines.postgres.findings import blocking, ok, warning


def free_space(
    session: psycopg.Connection[Any], server: Server, manifest: dict[str, Any]
) -> PreflightCheck:
    """PostgreSQL does not tell what is free on its disk; of a server on this machine we can ask."""
    wanted = int(manifest.get("source_bytes") or 0)
    free = _free_here(session, server)
    if not wanted:
        # Of a file from elsewhere only its packed size is known.
        if free is None:
            said = _("How much it needs, and how much is free on the server's disk, is not known.")
        else:
            said = _("%(free)s MB are free on the server's disk; how much it needs is not known.")
        return warning("free_space", said % {"free": (free or 0) >> 20})
    if free is None:
        said = _("How much is free on the server's disk is not known; the source has %(size)s MB.")
        return warning("free_space", said % {"size": wanted >> 20})
    sizes = {"free": free >> 20, "size": wanted >> 20}
    if free < wanted:
        said = _("The server's disk has %(free)s MB free, the source has %(size)s MB.")
        return blocking("free_space", said % sizes)
    return ok("free_space", _("%(free)s MB are free, the source has %(size)s MB.") % sizes)


def _free_here(session: psycopg.Connection[Any], server: Server) -> int | None:
    if not server.host.startswith("/"):
        return None
    row = session.execute(
        "SELECT setting FROM pg_settings WHERE name = 'data_directory'"
    ).fetchone()
    if row is None:
        return None
    try:
        return shutil.disk_usage(str(row[0])).free
    except OSError:
        return None
