"""`manage.py received_file add|list|delete`: files from elsewhere that are to be restored."""

import sys
from typing import Any

import orjson
from django.core.management.base import BaseCommand, CommandError, CommandParser

from access.policy import Actor, NotAllowed, require
from backups.cli.actor import actor_named
from backups.cli.exits import REFUSED, exit_code
from backups.errors import BackupError
from restores.received.api import describe
from restores.received.local import receive_path
from restores.received.services import delete_file, received_file_for, visible_files
from storage.api.bodies import BadValue, company_for


class Command(BaseCommand):
    help = "Receive a dump from elsewhere for a restore; list or delete such files."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.epilog = "Exit status: 0 done, 1 failed, 2 bad usage, 3 not found, 4 refused."
        verbs = parser.add_subparsers(dest="verb", required=True)
        add = verbs.add_parser("add", help="receive FILE")
        add.add_argument("file")
        add.add_argument("--company", default="", help="with several: its id or name")
        verbs.add_parser("list", help="those that can be restored")
        verbs.add_parser("delete", help="before its day is over").add_argument("id")
        for verb in verbs.choices.values():
            verb.add_argument("--json", action="store_true", help="answer in JSON")
            verb.add_argument("--as", dest="username", metavar="USER", help="with this user's role")

    def handle(self, *_args: Any, **options: Any) -> None:
        try:
            self._run(actor_named(options["username"]), options)
        except (NotAllowed, BadValue) as error:
            raise CommandError(str(error), returncode=REFUSED) from error
        except BackupError as error:
            if options["json"]:
                found = {"error": {"code": error.code, "message": str(error)}}
                self.stdout.write(orjson.dumps(found).decode())
                sys.exit(exit_code(error))
            raise CommandError(f"{error} ({error.code})", returncode=exit_code(error)) from error

    def _run(self, actor: Actor, options: dict[str, Any]) -> None:
        if options["verb"] == "add":
            permission = "restores.add_receivedfile"
            company = company_for(actor=actor, permission=permission, ref=options["company"])
            file = receive_path(options["file"], company=company, actor=actor)
            self._show([describe(file)], options)
        elif options["verb"] == "delete":
            delete_file(file=received_file_for(actor=actor, file_id=options["id"]), actor=actor)
        else:
            require(actor, "restores.view_receivedfile")
            self._show([describe(one) for one in visible_files(actor)[:200]], options)

    def _show(self, files: list[dict[str, Any]], options: dict[str, Any]) -> None:
        if options["json"]:
            self.stdout.write(orjson.dumps(files).decode())
            return
        for one in files:
            self.stdout.write(f"{one['id']}  {one['size']:>14}  {one['name']}")
