"""`backup info ID`: one backup, and how to restore it without Holdfast."""

import argparse
from typing import Any

import orjson

from access.policy import Actor
from backups.cli import show
from backups.cli.exits import DONE
from backups.description import describe, describe_status
from backups.selectors import backup_for

HELP = "show one backup"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("id", help="the backup's id")


def handle(options: argparse.Namespace, actor: Actor, out: Any) -> int:
    backup = backup_for(actor=actor, backup_id=options.id)
    if options.verbose:
        show.log(backup.file)
    if options.json:
        found = {
            **describe(backup),
            "stages": describe_status(backup)["stages"],
            "manifest": backup.manifest,
        }
        out.write(orjson.dumps(found, option=orjson.OPT_INDENT_2).decode())
    else:
        show.one(backup, out)
        show.commands(backup, out)
    return DONE
