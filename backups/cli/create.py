"""`backup create DB`: queue a backup, and stay with it until it is over."""

import argparse
from typing import Any

import orjson

from access.policy import Actor
from backups.cli import show
from backups.cli.exits import DONE, FAILED, VALIDATION_FAILED
from backups.cli.following import follow_backup
from backups.description import describe
from backups.errors import Corrupt
from backups.models import Backup
from backups.selectors import backup_for, database_for, storage_for
from backups.services import request_backup

HELP = "make a backup of a database"
FLAGS = ("schema_only", "data_only", "no_owner", "no_privileges", "include_globals")
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
        follow_backup(actor, backup, quiet=options.json)
    backup = backup_for(actor=actor, backup_id=backup.pk)
    if options.verbose:
        show.log(backup.file)
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


def _code(backup: Backup) -> int:
    if backup.status == Backup.Status.COMPLETED:
        return DONE
    return VALIDATION_FAILED if backup.error_code == Corrupt.code else FAILED
