"""`backup list`: the newest backups, with the filters of the API."""

import argparse
from datetime import date
from typing import Any

import orjson
from django.utils.translation import gettext as _

from access.policy import Actor
from backups.cli import show
from backups.cli.exits import DONE
from backups.description import describe
from backups.models import Backup
from backups.selectors import BackupFilters, list_backups

HELP = "list backups, newest first"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--database", default="", help="only this one: a name or an id")
    parser.add_argument("--status", action="append", default=[], choices=Backup.Status.values)
    parser.add_argument(
        "--validation", action="append", default=[], choices=Backup.Validation.values
    )
    parser.add_argument("--search", default="", help="a part of the file's name or label")
    parser.add_argument("--from", dest="from_date", type=date.fromisoformat, metavar="DATE")
    parser.add_argument("--to", dest="to_date", type=date.fromisoformat, metavar="DATE")
    parser.add_argument("--limit", type=int, default=20, help="how many, 200 at the most")
    parser.add_argument("--cursor", help="go on from here: `next` of the page before (--json)")


def handle(options: argparse.Namespace, actor: Actor, out: Any) -> int:
    page = list_backups(
        actor=actor,
        filters=BackupFilters(
            status=options.status,
            validation=options.validation,
            database=options.database,
            search=options.search,
            from_date=options.from_date,
            to_date=options.to_date,
        ),
        cursor=options.cursor,
        limit=options.limit,
    )
    if options.json:
        found = {
            "results": [describe(backup) for backup in page.results],
            "next": page.next,
            "previous": page.previous,
            "count": None,
        }
        out.write(orjson.dumps(found, option=orjson.OPT_INDENT_2).decode())
    elif page.results:
        show.table(page.results, out)
    else:
        out.write(_("No backups yet. Make one: manage.py backup create DATABASE"))
    return DONE
