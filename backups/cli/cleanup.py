"""`backup cleanup [DATABASE]`: remove what has expired, or only say what and why."""

import argparse
from typing import Any

import orjson
from django.utils.translation import gettext as _

from access.policy import Actor
from backups.cli.exits import DONE, REFUSED
from backups.errors import BadOption
from backups.models import Database
from backups.retention.cleanup import clean_database
from backups.retention.description import describe_cleanup, describe_preview
from backups.retention.preview import STOPS, WORDS, preview_cleanup
from backups.selectors import database_for, list_databases

HELP = "remove backups that no policy keeps"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("database", nargs="?", help="its id or name; all of them without it")
    parser.add_argument("--dry-run", action="store_true", help="say what and why, remove nothing")
    parser.add_argument(
        "--confirm",
        action="store_true",
        help="also where the cleanup is stopped: you have looked at the dry run",
    )


def handle(options: argparse.Namespace, actor: Actor, out: Any) -> int:
    if options.confirm and not options.database:
        raise BadOption("confirm", _("Say which database you confirm."))
    if options.database:
        databases = [database_for(actor=actor, ref=options.database)]
    else:
        databases = list(list_databases(actor=actor))
    found = [_one(database, options, actor) for database in databases]
    if options.json:
        out.write(orjson.dumps({"results": found}, option=orjson.OPT_INDENT_2).decode())
    else:
        for one in found:
            _show(one, out)
    return REFUSED if any(one["stopped"] for one in found) and not options.dry_run else DONE


def _one(database: Database, options: argparse.Namespace, actor: Actor) -> dict[str, Any]:
    if options.dry_run:
        return describe_preview(preview_cleanup(database=database))
    cleanup = clean_database(database=database, actor=actor, confirmed=options.confirm)
    database.refresh_from_db(fields=["cleanup_stopped"])
    return describe_cleanup(database, cleanup)


def _show(found: dict[str, Any], out: Any) -> None:
    out.write(found["database"]["name"])
    if found["stopped"]:
        out.write("  " + _("Stopped: %s") % STOPS[found["stopped"]])
    if "removed" in found:
        out.write("  " + _("Removed: %d") % len(found["removed"]))
        return
    for one in found["goes"]:
        out.write("  " + _("goes   %(name)s") % {"name": one["file_name"]})
    for one in found["stays"]:
        why = ", ".join(str(words) for reason, words in WORDS.items() if reason in one["why"])
        out.write("  " + _("stays  %(name)s: %(why)s") % {"name": one["file_name"], "why": why})
