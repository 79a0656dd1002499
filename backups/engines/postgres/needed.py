"""What an archive needs of a server: extensions, and roles to give things to."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from typing import Any

import psycopg
from django.utils.translation import gettext as _

from backups.engines import PreflightCheck, RestoreOptions
from backups.engines.postgres.findings import blocking, ok, warning
from backups.engines.postgres.globals import held_globals, missing_globals, powers_said
from backups.engines.postgres.preparation import missing_extensions
from backups.engines.postgres.roles import altering, granting, may_make_roles, roles_there
from backups.engines.postgres.selection import unmatched

# Made without a word where their library is not loaded at the server's start, and then of no use.
PRELOADED = frozenset(
    {
        "citus",
        "pg_cron",
        "pg_partman_bgw",
        "pg_stat_statements",
        "pgaudit",
        "pglogical",
        "timescaledb",
    }
)


def extensions(
    session: psycopg.Connection[Any], marks: dict[str, Any], options: RestoreOptions
) -> Iterator[PreflightCheck]:
    wanted: dict[str, str] = marks.get("extensions", {})
    missing = missing_extensions(session, marks)
    if missing:
        said = _("The server lacks the extensions %(names)s.") % {"names": ", ".join(missing)}
        yield blocking("extensions", said)
    elif forbidden := _not_allowed(session, sorted(wanted), options.role):
        said = _("Only a superuser may make the extensions %(names)s.")
        yield blocking("extensions", said % {"names": ", ".join(forbidden)})
    else:
        yield ok("extensions", _("All extensions can be had."))
    if others := _other_versions(session, wanted):
        said = _("Extensions come in the server's own versions: %(names)s.")
        yield warning("extension_versions", said % {"names": ", ".join(others)})
    if unloaded := _not_loaded(session, sorted(PRELOADED & wanted.keys())):
        said = _("These extensions work only with shared_preload_libraries: %(names)s.")
        yield warning("preload", said % {"names": ", ".join(unloaded)})


def selection(contents: dict[str, Any], options: RestoreOptions) -> Iterator[PreflightCheck]:
    """Whether there is something of each name; only what the manifest knows can be missed."""
    objects = (contents.get("fingerprint") or {}).get("objects")
    if not (options.schemas or options.tables):
        return
    kinds = ("table", "view", "sequence")
    found = {name for kind in kinds for name in (objects or {}).get(kind, {})}
    found |= set(contents.get("tables") or [])
    missing = unmatched(options.tables, sorted(found))
    places = {name.split(".", 1)[0] for name in found} | set((objects or {}).get("schema", {}))
    missing += unmatched([f"{name}.*" for name in options.schemas], [f"{one}.x" for one in places])
    if missing:
        said = _("The backup has nothing of the names %(names)s.")
        level = blocking if objects else warning
        yield level("selection", said % {"names": ", ".join(missing)})
        return
    said = _("Only what is named comes, with what belongs to it; large objects stay behind.")
    yield warning("selection", said)


@dataclass(frozen=True)
class Held:
    """`coming` are the names of the roles that will be made from the backup."""

    check: PreflightCheck
    coming: set[str] = field(default_factory=set)


def roles_held(
    session: psycopg.Connection[Any], contents: dict[str, Any], options: RestoreOptions
) -> Held:
    """What the roles that a backup holds would come to."""
    held = held_globals(contents)
    if held is None:
        said = _("The backup was made without include_globals: no role is restored from it.")
        return Held(warning("globals", said))
    missing = missing_globals(session, held, without=options.role_map.keys())
    if not missing:
        return Held(ok("globals", _("All roles of the backup are there; none is changed.")))
    names = [one["name"] for one in missing]
    said_names = {"names": ", ".join(names)}
    if not may_make_roles(session):
        return Held(blocking("globals", _may_not_make(session, names)))
    said = _("These roles will be made, without login, and stay: %(names)s.") % said_names
    if powers := powers_said(missing):
        said += " " + _("Without their powers: %(names)s.") % {"names": ", ".join(powers)}
    said += " " + _("Those that are there are not changed.")
    return Held(warning("globals", said), set(names))


def roles(
    session: psycopg.Connection[Any],
    named: list[str],
    options: RestoreOptions,
    *,
    coming: Collection[str] = (),
) -> Iterator[PreflightCheck]:
    """Whom things are to belong to, and whether the user can give them away."""
    if options.role:
        yield _one_owner(session, options.role)
    if not options.keep_owners:
        return
    if strangers := sorted(options.role_map.keys() - set(named)):
        said = _("The archive does not name the roles %(names)s, which role_map does.")
        yield blocking("role_map", said % {"names": ", ".join(strangers)})
    wanted = {options.role_map.get(role, role) for role in named}
    there = roles_there(session, sorted(wanted))
    unknown = set(options.role_map.values()) - there.keys()
    if unknown:
        said = _("role_map names roles that the server lacks: %(names)s.")
        yield blocking("role_map", said % {"names": ", ".join(sorted(unknown))})
    missing = sorted(wanted - there.keys() - unknown - set(coming))
    foreign = sorted(name for name, is_member in there.items() if not is_member)
    if foreign:
        said = _(
            "The user is no member of %(names)s, and cannot make them owners. Restore with the"
            " owner none: all belongs to the connection's user then, without grants."
        )
        said = said % {"names": ", ".join(foreign)} + _or_grant(session, foreign)
        yield blocking("roles", said)
    if missing:
        yield _missing(session, missing, options)
    elif not foreign:
        yield ok("roles", _("All owners are there."))


def _missing(
    session: psycopg.Connection[Any], missing: list[str], options: RestoreOptions
) -> PreflightCheck:
    names = {"names": ", ".join(missing)}
    if options.missing_roles != "create":
        said = _(
            "The server lacks the roles %(names)s. Restore with the owner none: all belongs to the"
            " connection's user then, without grants. Or have them made, or map them to others."
        )
        return blocking("roles", said % names)
    if not may_make_roles(session):
        return blocking("roles", _may_not_make(session, missing))
    said = _("These roles will be made, without login, and stay: %(names)s.")
    return warning("roles", said % names)


def _may_not_make(session: psycopg.Connection[Any], roles: list[str]) -> str:
    said = _(
        "The user may not make the roles %(names)s. Let an administrator of the server say:"
        " %(alter)s"
    )
    return said % {"names": ", ".join(roles), "alter": altering(session, "CREATEROLE")}


def _one_owner(session: psycopg.Connection[Any], role: str) -> PreflightCheck:
    row = session.execute(
        "SELECT pg_has_role(current_user, oid, 'MEMBER')"
        " AND pg_has_role(current_user, oid, 'USAGE') FROM pg_roles WHERE rolname = %s",
        [role],
    ).fetchone()
    if row is None:
        return blocking("owner", _("The server has no role %(name)s.") % {"name": role})
    if not row[0]:
        return blocking("owner", no_member(session, role))
    return ok("owner", _("All will belong to %(name)s.") % {"name": role})


def no_member(session: psycopg.Connection[Any], role: str) -> str:
    said = _(
        "The user is no member of %(name)s, and cannot make it the owner: name another, or none."
    )
    return said % {"name": role} + _or_grant(session, [role])


def _or_grant(session: psycopg.Connection[Any], roles: list[str]) -> str:
    if grant := granting(session, roles):
        return " " + _("Or let an administrator of the server say: %(grant)s") % {"grant": grant}
    return ""


def _not_allowed(session: psycopg.Connection[Any], names: list[str], role: str) -> list[str]:
    """Extensions that neither the user nor `role`, who makes them then, may make."""
    rows = session.execute(
        "SELECT e.name FROM pg_available_extensions e JOIN pg_available_extension_versions v"
        " ON v.name = e.name AND v.version = e.default_version"
        " WHERE e.name = ANY(%s) AND v.superuser AND NOT v.trusted"
        " AND NOT EXISTS (SELECT FROM pg_roles WHERE rolsuper AND rolname ="
        " coalesce(nullif(%s, ''), current_user)) ORDER BY 1",
        [names, role],
    ).fetchall()
    return [row[0] for row in rows]


def _other_versions(session: psycopg.Connection[Any], wanted: dict[str, str]) -> list[str]:
    rows = session.execute(
        "SELECT name, default_version FROM pg_available_extensions WHERE name = ANY(%s)",
        [sorted(wanted)],
    ).fetchall()
    return [f"{name} {there} (was {wanted[name]})" for name, there in rows if there != wanted[name]]


def _not_loaded(session: psycopg.Connection[Any], names: list[str]) -> list[str]:
    """Those whose library is not loaded, or of which the user may not know it."""
    if not names:
        return []
    row = session.execute(
        "SELECT setting FROM pg_settings WHERE name = 'shared_preload_libraries'"
    ).fetchone()
    loaded = {one.strip() for one in str(row[0] if row else "").split(",")}
    return [name for name in names if name not in loaded]
