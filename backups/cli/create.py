"""`backup create DB`: queue a backup, and stay with it until it is over."""

import argparse
import math
import sys
import time
from typing import Any, TextIO

import orjson
from django.utils.translation import gettext as _
from tqdm import tqdm

from access.policy import Actor
from backups.cli import show
from backups.cli.exits import DONE, FAILED, VALIDATION_FAILED
from backups.description import describe, describe_status
from backups.errors import Corrupt
from backups.models import Backup
from backups.selectors import backup_for, database_for, storage_for
from backups.services import request_backup

HELP = "make a backup of a database"
POLL_SECONDS = 0.3
HINT_SECONDS = 20.0
FLAGS = ("schema_only", "data_only", "no_owner", "no_privileges")
LISTS = ("schemas", "exclude_schemas", "tables", "exclude_tables", "exclude_table_data")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("database", help="its name or id")
    parser.add_argument("--storage", help="where to keep it: a storage's name or id")
    parser.add_argument("--name", default="", help="what people will call it")
    parser.add_argument("--label", help="a word for the file's name")
    parser.add_argument("--comment", help="why it is made")
    for flag in FLAGS:
        parser.add_argument(f"--{flag.replace('_', '-')}", action="store_true")
    for name in LISTS:
        parser.add_argument(
            f"--{name.replace('_', '-')}", metavar="NAME", action="append", help="may be repeated"
        )
    parser.add_argument("--compression-level", type=int, metavar="1-19", help="zstd's level")
    parser.add_argument("--force", action="store_true", help="queue it though another one runs")
    parser.add_argument(
        "--wait",
        action=argparse.BooleanOptionalAction,
        default=True,
        help="stay until it is over (default)",
    )


def handle(options: argparse.Namespace, actor: Actor, out: Any) -> int:
    database = database_for(actor=actor, ref=options.database)
    storage = options.storage
    backup = request_backup(
        database=database,
        storage=storage_for(actor=actor, ref=storage, database=database) if storage else None,
        options=chosen(options),
        name=options.name,
        force=options.force,
        actor=actor,
        trigger=Backup.Trigger.CLI,
    )
    if options.wait:
        follow(actor, backup, quiet=options.json)
    backup = backup_for(actor=actor, backup_id=backup.pk)
    if options.json:
        out.write(orjson.dumps(describe(backup), option=orjson.OPT_INDENT_2).decode())
    else:
        show.one(backup, out)
    return _code(backup) if options.wait else DONE


def chosen(options: argparse.Namespace) -> dict[str, Any]:
    """The backup's options that were given on the command line."""
    names = (*FLAGS, *LISTS, "label", "comment", "compression_level")
    given = {name: getattr(options, name) for name in names}
    return {name: value for name, value in given.items() if value not in (None, False)}


def follow(actor: Actor, backup: Backup, *, quiet: bool, stream: TextIO = sys.stderr) -> None:
    """A progress bar on a terminal. Ctrl-C stops the looking, not the backup."""
    hidden = quiet or not stream.isatty()
    form = "{desc:12}{percentage:3.0f}% {bar} {postfix}"
    hint_at = time.monotonic() + HINT_SECONDS
    with tqdm(total=100, disable=hidden, file=stream, bar_format=form) as bar:
        while True:
            found = backup_for(actor=actor, backup_id=backup.pk)
            status = describe_status(found)
            bar.set_description_str(_stage(status), refresh=False)
            bar.set_postfix_str(show.rate(status), refresh=False)
            bar.n = status["progress"]
            bar.refresh()
            if found.is_over:
                return
            if found.status == Backup.Status.PENDING and time.monotonic() > hint_at:
                hint = _("No worker has taken it yet. Is Holdfast running? See: manage.py doctor")
                bar.write(hint, file=stream)
                hint_at = math.inf
            time.sleep(POLL_SECONDS)


def _stage(status: dict[str, Any]) -> str:
    running = [stage["name"] for stage in status["stages"] if stage["status"] == "in_progress"]
    return running[0] if running else _("Waiting")


def _code(backup: Backup) -> int:
    if backup.status == Backup.Status.COMPLETED:
        return DONE
    return VALIDATION_FAILED if backup.error_code == Corrupt.code else FAILED
