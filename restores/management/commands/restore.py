"""`manage.py restore …`: the same verbs as the API, for people and scripts on the server."""

import argparse
import sys
from typing import Any

import orjson
from django.core.management.base import BaseCommand, CommandError, CommandParser

from access.policy import NotAllowed
from backups.cli.actor import actor_named
from backups.cli.exits import REFUSED, exit_code
from backups.errors import BackupError, NotReady
from restores.cli import acts, create
from restores.errors import Blocked

EPILOG = "Exit status: 0 done, 1 failed, 2 bad usage, 3 not found, 4 refused."
VERBS: dict[str, Any] = {
    "create": create,
    "list": acts.listing,
    "show": acts.show,
    "cancel": acts.cancel,
    "approve": acts.approve,
    "confirm": acts.confirm,
    "undo": acts.undo,
}


class Command(BaseCommand):
    help = "Restore a backup, or a file from elsewhere, as a database."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.epilog = EPILOG
        verbs = parser.add_subparsers(dest="verb", required=True, metavar="VERB")
        for name, module in VERBS.items():
            verb = verbs.add_parser(name, help=module.HELP)
            verb.epilog = EPILOG
            module.add_arguments(verb)
            verb.add_argument("--json", action="store_true", help="answer in JSON")
            verb.add_argument("--as", dest="username", metavar="USER", help="with this user's role")

    def handle(self, *_args: Any, **options: Any) -> None:
        given = argparse.Namespace(**options)
        try:
            actor = actor_named(given.username)
            sys.exit(VERBS[given.verb].handle(given, actor, self.stdout))
        except Blocked as error:
            create.show_checks(error.checks, given, self.stdout)
            self._end(REFUSED, error, given)
        except (NotAllowed, NotReady) as error:
            self._end(REFUSED, error, given)
        except BackupError as error:
            self._end(exit_code(error), error, given)

    def _end(self, code: int, error: BackupError | NotAllowed, given: argparse.Namespace) -> None:
        if given.json:
            if not isinstance(error, Blocked):
                found = {"error": {"code": error.code, "message": str(error)}}
                self.stdout.write(orjson.dumps(found).decode())
            sys.exit(code)
        raise CommandError(f"{error} ({error.code})", returncode=code)
