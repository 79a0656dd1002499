"""The options of a restore on the command line."""

from argparse import ArgumentParser
from collections.abc import Mapping
from typing import Any

from backups.engines import RestoreOptions
from restores.options import parse_options, parse_role_map

FLAGS = ("schema_only", "data_only", "no_privileges", "globals")
LISTS = ("schemas", "tables")


def add_option_arguments(parser: ArgumentParser) -> None:
    group = parser.add_argument_group("options")
    group.add_argument(
        "--owner",
        default="keep",
        help="keep: owners and grants as at the source; none; or a role that all belongs to",
    )
    for name, what in (("schema", "schemas"), ("table", "tables")):
        group.add_argument(
            f"--{name}",
            dest=what,
            action="append",
            default=[],
            metavar="NAME",
            help=f"only these {what}, with what belongs to them; * for anything; repeatable",
        )
    group.add_argument("--schema-only", action="store_true", help="definitions without rows")
    group.add_argument("--data-only", action="store_true", help="refused: there are no tables yet")
    group.add_argument("--no-privileges", action="store_true", help="owners without grants")
    group.add_argument(
        "--globals", action="store_true", help="make the roles of the backup that are missing"
    )
    group.add_argument(
        "--create-roles",
        dest="missing_roles",
        action="store_const",
        const="create",
        default="refuse",
        help="make missing roles, without login; they stay",
    )
    group.add_argument(
        "--map-role",
        dest="role_map",
        action="append",
        default=[],
        metavar="OLD=NEW",
        help="a role of the server in place of one of the backup; repeatable",
    )
    group.add_argument("--jobs", type=int, default=1, help="so many pg_restores beside each other")
    group.add_argument("--no-analyze", dest="analyze", action="store_false")


def given_options(options: Mapping[str, Any]) -> RestoreOptions:
    """Raises BadOption."""
    given = {name: options[name] for name in ("owner", "jobs", "analyze", *FLAGS, *LISTS)}
    if options["missing_roles"] != "refuse":
        given["missing_roles"] = options["missing_roles"]
    if options["role_map"]:
        given["role_map"] = parse_role_map(options["role_map"])
    return parse_options(given)
