"""`backup delete ID`: delete one; never the newest good or proven one of its database."""

import argparse
from typing import Any

import orjson
from django.utils.translation import gettext as _

from access.policy import Actor
from backups.cli.exits import DONE
from backups.deletion import delete_backup
from backups.selectors import backup_for

HELP = "delete a backup"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("id", help="the backup's id")
    parser.add_argument("--force", action="store_true", help="though it is pinned")


def handle(options: argparse.Namespace, actor: Actor, out: Any) -> int:
    backup = backup_for(actor=actor, backup_id=options.id)
    delete_backup(backup=backup, actor=actor, force=options.force)
    if options.json:
        out.write(orjson.dumps({"id": str(backup.pk), "deleted": True}).decode())
    else:
        out.write(_("%(name)s is deleted.") % {"name": backup})
    return DONE
