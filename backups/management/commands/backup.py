"""`manage.py backup …`: the same verbs as the API, for people and scripts on the server."""

import argparse
import os
import sys
from collections.abc import Callable
from functools import partial
from typing import Any

import orjson
from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import OperationalError
from django.utils.translation import gettext as _

from access.policy import NotAllowed
from backups.cli import (
    cancel,
    cleanup,
    completion,
    copy,
    create,
    delete,
    download,
    edit,
    info,
    listing,
    orphans,
    rescan,
    things,
    validate,
)
from backups.cli.actor import actor_named
from backups.cli.exits import BAD_USAGE, FAILED, NOT_FOUND, REFUSED, exit_code
from backups.errors import BackupError
from storage.api.bodies import BadValue
from storage.errors import NoSuchTarget, StorageError, TargetInUse

EPILOG = "Exit status: 0 done, 1 failed, 2 bad usage, 3 not found, 4 refused, 5 validation failed."
VERBS: dict[str, Any] = {
    "create": create,
    "cancel": cancel,
    "list": listing,
    "info": info,
    "download": download,
    "validate": validate,
    "edit": edit,
    "copy": copy,
    "delete": delete,
    "rescan": rescan,
    "orphans": orphans,
    "cleanup": cleanup,
    "databases": things.databases,
    "storages": things.storages,
    "schedules": things.schedules,
    "completion": completion,
}


def verb_parser(
    name: str, make: Callable[..., argparse.ArgumentParser] = argparse.ArgumentParser
) -> argparse.ArgumentParser:
    """The arguments of one verb."""
    module = VERBS[name]
    verb = make(**({"help": module.HELP} if make is not argparse.ArgumentParser else {}))
    verb.epilog = EPILOG
    module.add_arguments(verb)
    verb.add_argument("--json", action="store_true", help="answer in JSON")
    verb.add_argument(
        "--verbose",
        action="store_true",
        help="show the log too: the programs that were run, without secrets",
    )
    verb.add_argument("--as", dest="username", metavar="USER", help="act with this user's role")
    return verb


class Command(BaseCommand):
    help = "Make, cancel, list, look at, check and fetch backups."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.epilog = EPILOG
        verbs = parser.add_subparsers(dest="verb", required=True, metavar="VERB")
        for name in VERBS:
            verb_parser(name, partial(verbs.add_parser, name))

    def handle(self, *_args: Any, **options: Any) -> None:
        try:
            code = VERBS[options["verb"]].handle(
                argparse.Namespace(**options), actor_named(options["username"]), self.stdout
            )
        except NotAllowed as error:
            self._end(REFUSED, NotAllowed.code, str(error), options)
        except BackupError as error:
            self._end(exit_code(error), error.code, _told(error), options)
        except StorageError as error:
            self._end(_of_storage(error), error.code, str(error), options)
        except BadValue as error:
            self._end(BAD_USAGE, error.default_code, str(error.detail), options)
        except ValidationError as error:
            self._end(BAD_USAGE, "invalid", " ".join(error.messages), options)
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


def _of_storage(error: StorageError) -> int:
    if isinstance(error, NoSuchTarget):
        return NOT_FOUND
    return REFUSED if isinstance(error, TargetInUse) else FAILED


def _told(error: BackupError) -> str:
    return f"{error} {error.cure}".strip()
