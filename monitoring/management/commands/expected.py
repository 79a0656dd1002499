"""`manage.py expected …`: the same verbs as the API, for people and scripts on the server."""

import argparse
import sys
from functools import partial
from typing import Any

import orjson
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import OperationalError
from django.utils.translation import gettext as _

from access.models import User
from access.policy import Actor, NotAllowed, System
from monitoring.expected import cli
from monitoring.expected.errors import BadField, BadLines, ExpectedError, NotFound

DONE, FAILED, BAD_USAGE, NOT_FOUND, REFUSED = range(5)
EPILOG = "Exit status: 0 done, 1 failed, 2 bad usage, 3 not found, 4 refused."


class Command(BaseCommand):
    help = "List, show, import, export, change and report backups that are expected."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.epilog = EPILOG
        verbs = parser.add_subparsers(dest="verb", required=True, metavar="VERB")
        for name, verb in cli.VERBS.items():
            made = verbs.add_parser(name, help=verb.help, epilog=EPILOG)
            verb.arguments(made)
            made.add_argument("--json", action="store_true", help="answer in JSON")
            made.add_argument("--as", dest="username", metavar="USER", help="with this user's role")

    def handle(self, *args: Any, **options: Any) -> None:  # noqa: ARG002
        verb = cli.VERBS[options["verb"]]
        end = partial(self._end, as_json=options["json"])
        try:
            actor = _actor(options["username"])
            verb.run(argparse.Namespace(**options), actor, self.stdout)
        except NotAllowed as error:
            end(REFUSED, NotAllowed.code, str(error))
        except BadLines as error:
            end(BAD_USAGE, error.code, str(error), lines=error.lines)
        except BadField as error:
            end(BAD_USAGE, error.code, f"{error.option}: {error}")
        except NotFound as error:
            end(NOT_FOUND, error.code, str(error))
        except ExpectedError as error:
            end(REFUSED, error.code, str(error))
        except OSError as error:
            end(FAILED, "file", str(error))
        except OperationalError:
            said = _("Holdfast's own database does not answer. Start it: make run")
            end(FAILED, "not_running", said)

    def _end(
        self,
        code: int,
        name: str,
        sentence: str,
        *,
        as_json: bool,
        lines: list[dict[str, Any]] | None = None,
    ) -> None:
        if as_json:
            told = {"code": name, "message": sentence, **({"lines": lines} if lines else {})}
            self.stdout.write(orjson.dumps({"error": told}).decode())
            sys.exit(code)
        for line in lines or ():
            where = _("line %(line)d, %(option)s") % {
                "line": line["line"],
                "option": line["option"] or "?",
            }
            self.stderr.write(f"{where}: {line['message']}")
        raise CommandError(f"{sentence} ({name})", returncode=code)


def _actor(username: str | None) -> Actor:
    if username is None:
        return System("cli")
    user = User.objects.filter(username=username, is_active=True).first()
    if user is None:
        raise NotFound(_("There is no user named %s.") % username)
    return user
