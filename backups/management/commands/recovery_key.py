"""`manage.py recovery_key …`: the owner's key from the command line of the server."""

import sys
from pathlib import Path
from typing import Any

import orjson
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import OperationalError
from django.utils.translation import gettext as _

from access.policy import System
from backups.cli.exits import FAILED, REFUSED, exit_code
from backups.errors import BackupError
from backups.keyring import RECOVERY_FILE, can_read
from backups.recovery.challenges import new_challenge
from backups.recovery.copies import rehearse_copy, write_copy
from backups.recovery.errors import Refused
from backups.recovery.services import rehearse_key, remove_secret
from backups.recovery.state import current_public, key_state, targets_beside_key
from look.units import NOTHING

EPILOG = "Exit status: 0 done, 1 failed, 2 bad usage, 4 refused."
OPERATOR = System("cli")


class Command(BaseCommand):
    help = "Hand out the recovery key, try the copy, take the key off this server."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.epilog = EPILOG
        verbs = parser.add_subparsers(dest="verb", required=True, metavar="VERB")
        status = verbs.add_parser("status", help="whether it was handed out, tried, removed")
        export = verbs.add_parser("export", help="write the key file, best on a removable disk")
        export.add_argument("file", type=Path, help="where nothing lies yet")
        rehearse = verbs.add_parser(
            "rehearse", help="try your copy: decrypt a challenge, or name the file on its own disk"
        )
        rehearse.add_argument("--key", type=Path, metavar="FILE", help="the copy, on another disk")
        remove = verbs.add_parser("remove", help="take the secret half off this server")
        remove.add_argument(
            "--confirm", default="", metavar="END", help="the last six characters of the public key"
        )
        for verb in (status, export, rehearse, remove):
            verb.epilog = EPILOG
            verb.add_argument("--json", action="store_true", help="answer in JSON")

    def handle(self, *_args: Any, **options: Any) -> None:
        try:
            getattr(self, f"_{options['verb']}")(options)
            self._tell(options)
        except BackupError as error:
            code = REFUSED if isinstance(error, Refused) else exit_code(error)
            self._end(code, error.code, f"{error} {error.cure}".strip(), options)
        except OperationalError:
            said = _("Holdfast's own database does not answer. Start it: make run")
            self._end(FAILED, "not_running", said, options)

    def _status(self, options: dict[str, Any]) -> None:
        """Every verb ends with it."""

    def _export(self, options: dict[str, Any]) -> None:
        write_copy(actor=OPERATOR, path=options["file"])

    def _rehearse(self, options: dict[str, Any]) -> None:
        if options["key"]:
            rehearse_copy(actor=OPERATOR, path=options["key"])
            return
        challenge = new_challenge(public=current_public())
        self.stderr.write(_("Where your copy is, run this; then type here the words it prints."))
        self.stderr.write(f"age -d -i {RECOVERY_FILE} <<'END'\n{challenge.armored}\nEND")
        rehearse_key(actor=OPERATOR, challenge=challenge, answer=sys.stdin.readline())

    def _remove(self, options: dict[str, Any]) -> None:
        remove_secret(actor=OPERATOR, confirmation=options["confirm"])

    def _tell(self, options: dict[str, Any]) -> None:
        found = _description()
        if options["json"]:
            self.stdout.write(orjson.dumps(found, option=orjson.OPT_INDENT_2).decode())
            return
        for name, value in found.items():
            self.stdout.write(f"{name:<18}{_word(value)}")
        if todo := _todo():
            self.stdout.write(todo)

    def _end(self, code: int, name: str, sentence: str, options: dict[str, Any]) -> None:
        if options["json"]:
            self.stdout.write(orjson.dumps({"error": {"code": name, "message": sentence}}).decode())
            sys.exit(code)
        raise CommandError(f"{sentence} ({name})", returncode=code)


def _description() -> dict[str, Any]:
    state = key_state()
    return {
        "public": state.key.public,
        "ready": state.is_ready,
        "downloaded_at": state.key.downloaded_at,
        "rehearsed_at": state.key.rehearsed_at,
        "secret_here": state.secret_here,
        "beside_artifacts": [target.name for target in targets_beside_key(actor=OPERATOR)],
        # False: a server of public keys only.
        "can_read": can_read(),
    }


def _todo() -> str:
    state = key_state()
    if not state.is_downloaded:
        return _("Next: recovery_key export FILE, on a disk that you keep elsewhere.")
    if not state.is_ready:
        return _("Next: recovery_key rehearse, where your copy is.")
    return _("Next: recovery_key remove.") if state.secret_here else ""


def _word(value: Any) -> str:
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    if isinstance(value, list):
        return ", ".join(value) or NOTHING
    return f"{value:%Y-%m-%d %H:%M} UTC" if hasattr(value, "strftime") else str(value or NOTHING)
