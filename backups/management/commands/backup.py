"""`manage.py backup …`: the same verbs as the API, for people and scripts on the server."""

import argparse
import os
import sys
from typing import Any

import orjson
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import OperationalError
from django.utils.translation import gettext as _

from access.policy import NotAllowed
from backups.cli import cancel, create, download, info, listing, validate
from backups.cli.actor import actor_named
from backups.cli.exits import FAILED, REFUSED, exit_code
from backups.errors import BackupError

EPILOG = "Exit status: 0 done, 1 failed, 2 bad usage, 3 not found, 4 refused, 5 validation failed."
VERBS: dict[str, Any] = {
    "create": create,
    "cancel": cancel,
    "list": listing,
    "info": info,
    "download": download,
    "validate": validate,
}


class Command(BaseCommand):
    help = "Make, cancel, list, look at, check and fetch backups."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.epilog = EPILOG
        verbs = parser.add_subparsers(dest="verb", required=True, metavar="VERB")
        for name, module in VERBS.items():
            verb = verbs.add_parser(name, help=module.HELP, epilog=EPILOG)
            module.add_arguments(verb)
            verb.add_argument("--json", action="store_true", help="answer in JSON")
            verb.add_argument(
                "--as", dest="username", metavar="USER", help="act with the role of this user"
            )

    def handle(self, *args: Any, **options: Any) -> None:  # noqa: ARG002
        try:
            code = VERBS[options["verb"]].handle(
                argparse.Namespace(**options), actor_named(options["username"]), self.stdout
            )
        except NotAllowed as error:
            self._end(REFUSED, NotAllowed.code, str(error), options)
        except BackupError as error:
            self._end(exit_code(error), error.code, _told(error), options)
        except OperationalError:
            self._end(
                FAILED,
                "not_running",
                _("Holdfast's own database does not answer. Start it: make run"),
                options,
            )
        except BrokenPipeError:
            # Who read our output has gone; Python would complain of it once more at its end.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            sys.exit(FAILED)
        else:
            sys.exit(code)

    def _end(self, code: int, name: str, sentence: str, options: dict[str, Any]) -> None:
        if options["json"]:
            self.stdout.write(orjson.dumps({"error": {"code": name, "message": sentence}}).decode())
            sys.exit(code)
        raise CommandError(f"{sentence} ({name})", returncode=code)


def _told(error: BackupError) -> str:
    return f"{error} {error.cure}".strip()
