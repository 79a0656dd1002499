"""The options of a restore: each one checked before anything is looked at or queued."""

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext as _

from backups.engines import RestoreOptions
from backups.errors import BadOption
from backups.options import LONGEST_LIST, LONGEST_NAME, is_storable

FLAGS = ("no_privileges", "schema_only", "globals", "analyze")
LISTS = ("schemas", "tables")
MISSING_ROLES = ("refuse", "create")
MOST_JOBS = 16
# PostgreSQL cuts longer names (NAMEDATALEN); it counts bytes.
LONGEST_ROLE = 63
_FIELDS = {"globals": "with_globals"}


def parse_options(given: Mapping[str, Any]) -> RestoreOptions:
    """Options from a request's body, a form or a command line. Raises BadOption.

    `owner` is keep, none or a role's name; `role_map` is by the archive's names.
    """
    found: dict[str, Any] = {}
    for name, value in given.items():
        if name == "owner":
            found |= _owner(value)
        elif name == "data_only":
            if value is not False:
                raise BadOption(name, _("A new database has no tables for rows alone."))
        elif name in FLAGS:
            found[_FIELDS.get(name, name)] = _flag(name, value)
        elif name in LISTS:
            found[name] = _names(name, value)
        elif name == "jobs":
            found[name] = _jobs(value)
        elif name == "missing_roles":
            if value not in MISSING_ROLES:
                raise BadOption(name, _("missing_roles is refuse or create."))
            found[name] = value
        elif name == "role_map":
            found[name] = _role_map(value)
        else:
            shown = name[:60].encode(errors="replace").decode()
            raise BadOption(
                shown, _("%(option)s is not an option of a restore.") % {"option": shown}
            )
    options = RestoreOptions(**found)
    _refuse_contradictions(options)
    return options


def parse_role_map(lines: list[str]) -> dict[str, str]:
    """Of `old=new`: up to the first `=` is the old one. Raises BadOption."""
    found = {}
    for line in lines:
        old, equals, new = line.partition("=")
        if not equals:
            raise BadOption("role_map", _("Write old=new for each role."))
        found[old.strip()] = new.strip()
    return found


def describe_options(kept: Mapping[str, Any]) -> dict[str, Any]:
    """What a restore's row has kept, in the words of its request."""
    options = RestoreOptions(**kept)
    return {
        "owner": options.role or ("keep" if options.keep_owners else "none"),
        "no_privileges": not options.keeps_grants,
        "missing_roles": options.missing_roles,
        "role_map": dict(options.role_map),
        "globals": options.with_globals,
        "schemas": list(options.schemas),
        "tables": list(options.tables),
        "schema_only": options.schema_only,
        "jobs": options.jobs,
        "analyze": options.analyze,
    }


def _refuse_contradictions(options: RestoreOptions) -> None:
    if options.keep_owners:
        return
    if options.role_map:
        raise BadOption("role_map", _("Without the source's owners there are none to map."))
    if options.missing_roles == "create":
        raise BadOption("missing_roles", _("Without the source's owners no role is needed."))


def _owner(value: Any) -> dict[str, Any]:
    if value == "keep":
        return {"keep_owners": True}
    if value == "none":
        return {"keep_owners": False}
    return {"keep_owners": False, "role": _role("owner", value)}


def _role(option: str, value: Any) -> str:
    if (
        not isinstance(value, str)
        or not value.strip()
        or len(value.encode(errors="replace")) > LONGEST_ROLE
        or not is_storable(value)
    ):
        raise BadOption(
            option, _("%(option)s: a role's name has 1 to 63 bytes.") % {"option": option}
        )
    return value


def _role_map(value: Any) -> dict[str, str]:
    if not isinstance(value, Mapping) or len(value) > LONGEST_LIST:
        raise BadOption("role_map", _("role_map names a role of the server for others."))
    return {_role("role_map", old): _role("role_map", new) for old, new in value.items()}


def _flag(name: str, value: Any) -> bool:
    if not isinstance(value, bool):
        raise BadOption(name, _("%(option)s must be true or false.") % {"option": name})
    return value


def _jobs(value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= MOST_JOBS:
        raise BadOption("jobs", _("jobs is a number from 1 to %(most)d.") % {"most": MOST_JOBS})
    return value


def _names(option: str, value: Any) -> list[str]:
    if not isinstance(value, list | tuple) or len(value) > LONGEST_LIST:
        raise BadOption(option, _("%(option)s must be a list of names.") % {"option": option})
    for name in value:
        if (
            not isinstance(name, str)
            or not name.strip()
            or len(name) > LONGEST_NAME
            or not is_storable(name)
        ):
            raise BadOption(
                option, _("%(option)s has an empty or too long name.") % {"option": option}
            )
    return list(value)
