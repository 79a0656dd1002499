"""`backup cancel ID`: end a backup that waits or runs, or the check or copy of it that does."""

import argparse
from typing import Any

import orjson
from django.utils.translation import gettext as _

from access.policy import Actor
from backups.cancelling import cancel_work
from backups.cli.exits import DONE, FAILED
from backups.cli.following import follow_backup, follow_file
from backups.description import describe, describe_check, describe_copy
from backups.models import Backup, Check, Copy
from backups.selectors import backup_for

HELP = "end a backup, or a check or copy of it, that waits or runs"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("backup", help="its id")


def handle(options: argparse.Namespace, actor: Actor, out: Any) -> int:
    backup = backup_for(actor=actor, backup_id=options.backup)
    ended = cancel_work(backup=backup, actor=actor)
    if isinstance(ended, Check):
        follow_file(ended, quiet=True)
        found = describe_check(ended)
    elif isinstance(ended, Copy):
        follow_file(ended, quiet=True)
        found = describe_copy(ended)
    else:
        follow_backup(actor, backup, quiet=True)
        ended = backup_for(actor=actor, backup_id=options.backup)
        found = describe(ended)
    if options.json:
        out.write(orjson.dumps(found, option=orjson.OPT_INDENT_2).decode())
    else:
        out.write(_("%(name)s: %(status)s") % {"name": ended, "status": ended.status})
    return DONE if ended.status == Backup.Status.CANCELLED else FAILED
