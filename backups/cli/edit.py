"""`backup edit ID`: change its label or comment, pin it, or put it under a legal hold."""

import argparse
from typing import Any

import orjson

from access.policy import Actor
from backups.cli import show
from backups.cli.exits import DONE
from backups.description import describe
from backups.errors import BadOption
from backups.selectors import backup_for
from backups.services import edit_backup

HELP = "change a backup's label or comment, pin it, hold it"
NAMES = ("label", "comment", "pinned", "held")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("id", help="the backup's id")
    parser.add_argument("--label", help="a word; the file keeps its name")
    parser.add_argument("--comment", help="why it was made")
    parser.add_argument(
        "--pinned", action=argparse.BooleanOptionalAction, default=None, help="keep it"
    )
    parser.add_argument(
        "--held", action=argparse.BooleanOptionalAction, default=None, help="a legal hold"
    )


def handle(options: argparse.Namespace, actor: Actor, out: Any) -> int:
    given = {name: getattr(options, name) for name in NAMES}
    changes = {name: value for name, value in given.items() if value is not None}
    if not changes:
        raise BadOption("label", "Say what to change; see --help.")
    edit_backup(backup=backup_for(actor=actor, backup_id=options.id), actor=actor, **changes)
    backup = backup_for(actor=actor, backup_id=options.id)
    if options.json:
        out.write(orjson.dumps(describe(backup), option=orjson.OPT_INDENT_2).decode())
    else:
        show.one(backup, out)
    return DONE
