"""`manage.py holdfast …`: the backup of Holdfast itself, from the command line of the server."""

import time
from typing import Any

import orjson
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import OperationalError
from django.utils.translation import gettext as _

from access.policy import System
from backups.cli.exits import FAILED, REFUSED, exit_code
from backups.errors import BackupError
from controlplane.description import describe_set, describe_standing
from controlplane.models import ControlSet
from controlplane.selectors import recent_sets, standing
from controlplane.services import request_set, run_set
from storage.errors import StorageError
from storage.selectors import target_named

EPILOG = "Exit status: 0 done, 1 failed, 2 bad usage, 3 not found, 4 refused."
OPERATOR = System("cli")
POLL_SECONDS = 0.5


class Command(BaseCommand):
    help = "Back up Holdfast itself, and see from what it could be recovered."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.epilog = EPILOG
        verbs = parser.add_subparsers(dest="verb", required=True, metavar="VERB")
        backup = verbs.add_parser("backup", help="make a set now, in this process")
        backup.add_argument("--storage", metavar="NAME", help="where to; by name or id")
        listing = verbs.add_parser("list", help="the sets there are, and what is wrong with them")
        for verb in (backup, listing):
            verb.epilog = EPILOG
            verb.add_argument("--json", action="store_true", help="answer in JSON")

    def handle(self, *_args: Any, **options: Any) -> None:
        try:
            getattr(self, f"_{options['verb']}")(options)
        except BackupError as error:
            code = REFUSED if error.status == 409 else exit_code(error)
            raise CommandError(f"{error} ({error.code})", returncode=code) from error
        except StorageError as error:
            raise CommandError(f"{error} ({error.code})", returncode=FAILED) from error
        except OperationalError as error:
            said = _("Holdfast's own database does not answer. Start it: make run")
            raise CommandError(said, returncode=FAILED) from error

    def _backup(self, options: dict[str, Any]) -> None:
        ref = options["storage"]
        target = target_named(actor=OPERATOR, ref=ref) if ref else None
        row = request_set(actor=OPERATOR, target=target)
        run_set(set_id=row.pk)
        row.refresh_from_db()
        while row.status in (ControlSet.Status.PENDING, ControlSet.Status.RUNNING):
            # A worker was quicker than we.
            time.sleep(POLL_SECONDS)
            row.refresh_from_db()
        if row.status == ControlSet.Status.FAILED:
            raise CommandError(f"{row.error} ({row.error_code})", returncode=FAILED)
        if options["json"]:
            self._write(describe_set(row))
        else:
            self.stdout.write(_("%(name)s: %(key)s") % {"name": row, "key": row.key})
            for said in standing().warnings:
                self.stderr.write(said)

    def _list(self, options: dict[str, Any]) -> None:
        found = [describe_set(row) for row in recent_sets()]
        if options["json"]:
            self._write({"standing": describe_standing(standing()), "results": found})
            return
        for one in found:
            self.stdout.write(f"{one['created_at'][:16]}  {one['status']:<10} {one['key'] or ''}")
        for said in standing().warnings:
            self.stderr.write(said)

    def _write(self, found: dict[str, Any]) -> None:
        self.stdout.write(orjson.dumps(found, option=orjson.OPT_INDENT_2).decode())
