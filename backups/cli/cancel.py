"""`backup cancel ID`: end a backup that waits or runs."""

import argparse
from typing import Any

import orjson
from django.utils.translation import gettext as _

from access.policy import Actor
from backups.cli.create import follow
from backups.cli.exits import DONE, FAILED
from backups.description import describe
from backups.models import Backup
from backups.selectors import backup_for
from backups.services import cancel_backup

HELP = "end a backup that waits or runs"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("backup", help="its id")


def handle(options: argparse.Namespace, actor: Actor, out: Any) -> int:
    backup = backup_for(actor=actor, backup_id=options.backup)
    cancel_backup(backup=backup, actor=actor)
    follow(actor, backup, quiet=True)
    backup = backup_for(actor=actor, backup_id=options.backup)
    if options.json:
        out.write(orjson.dumps(describe(backup), option=orjson.OPT_INDENT_2).decode())
    else:
        out.write(_("%(name)s: %(status)s") % {"name": backup, "status": backup.status})
    return DONE if backup.status == Backup.Status.CANCELLED else FAILED
