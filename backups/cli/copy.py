"""`backup copy ID STORAGE`: a further copy of a backup, and stay until it is over."""

import argparse
from typing import Any

import orjson
from django.utils.translation import gettext as _

from access.policy import Actor
from backups.cli import show
from backups.cli.exits import DONE, FAILED
from backups.cli.following import follow_file
from backups.copying.description import count_copies, describe_copies
from backups.copying.requesting import request_copy
from backups.description import describe_copy
from backups.models import Backup, Copy
from backups.selectors import backup_for, storage_for

HELP = "copy a backup to a further storage, or say which copies there are"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("id", help="the backup's id")
    parser.add_argument("storage", nargs="?", help="its name or id; without it: what there is")
    parser.add_argument(
        "--wait",
        action=argparse.BooleanOptionalAction,
        default=True,
        help="stay until it is over (default)",
    )


def handle(options: argparse.Namespace, actor: Actor, out: Any) -> int:
    backup = backup_for(actor=actor, backup_id=options.id)
    if not options.storage:
        _show(backup, options, out)
        return DONE
    target = storage_for(actor=actor, ref=options.storage, database=backup.database)
    copy = request_copy(backup=backup, target=target, actor=actor)
    if options.wait:
        follow_file(copy, quiet=options.json)
    if options.verbose:
        show.log(copy.file)
    if options.json:
        out.write(orjson.dumps(describe_copy(copy), option=orjson.OPT_INDENT_2).decode())
    else:
        out.write(_line(copy))
    return DONE if copy.status in _fine(options.wait) else FAILED


def _fine(waited: bool) -> tuple[str, ...]:
    over = (Backup.Status.COMPLETED,)
    return over if waited else (*over, Backup.Status.PENDING, Backup.Status.RUNNING)


def _line(copy: Copy) -> str:
    said = copy.error or copy.get_status_display()
    return f"{copy.backup} → {copy.target.name}: {said}"


def _show(backup: Backup, options: argparse.Namespace, out: Any) -> None:
    found = describe_copies(backup)
    if options.json:
        out.write(orjson.dumps(found, option=orjson.OPT_INDENT_2).decode())
        return
    out.write(copies_said(backup))
    for one in found["copies"]:
        out.write(f"  {one['storage']}: {one['status']}")


def copies_said(backup: Backup) -> str:
    """`2 of 2 copies`."""
    count = count_copies(backup)
    return _("%(whole)d of %(wanted)d copies") % {"whole": count.whole, "wanted": count.wanted}
