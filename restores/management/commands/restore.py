"""`manage.py restore …`: bring a backup into a new database, and stay until it is there."""

import sys
from dataclasses import asdict
from typing import Any

import orjson
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils.translation import gettext as _

from access.policy import Actor, NotAllowed
from backups.cli.actor import actor_named
from backups.cli.exits import DONE, FAILED, REFUSED, exit_code
from backups.cli.following import follow_file
from backups.errors import BackupError
from backups.selectors import backup_for, database_for
from restores.description import describe
from restores.errors import Blocked
from restores.models import Restore
from restores.requesting import Wish, look_first, parse_options, request_restore
from restores.selectors import restore_for


class Command(BaseCommand):
    help = "Restore a backup into a new database."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.epilog = "Exit status: 0 done, 1 failed, 2 bad usage, 3 not found, 4 refused."
        parser.add_argument("backup", help="the backup's id")
        parser.add_argument("name", help="the new database's name")
        parser.add_argument("--server", help="the database whose server it goes to (default: own)")
        parser.add_argument(
            "--owner", default="keep", help="keep: owners and grants as at the source; none"
        )
        parser.add_argument("--dry-run", action="store_true", help="only look, touch nothing")
        parser.add_argument("--no-wait", dest="wait", action="store_false", help="only queue it")
        parser.add_argument("--json", action="store_true", help="answer in JSON")
        parser.add_argument("--as", dest="username", metavar="USER", help="with this user's role")

    def handle(self, *args: Any, **options: Any) -> None:  # noqa: ARG002
        try:
            sys.exit(self._run(actor_named(options["username"]), options))
        except Blocked as error:
            self._show([asdict(check) for check in error.checks], options)
            self._end(REFUSED, error, options)
        except NotAllowed as error:
            self._end(REFUSED, error, options)
        except BackupError as error:
            self._end(exit_code(error), error, options)

    def _run(self, actor: Actor, options: dict[str, Any]) -> int:
        backup = backup_for(actor=actor, backup_id=options["backup"])
        server = options["server"]
        wish = Wish(
            backup=backup,
            server=database_for(actor=actor, ref=server) if server else backup.database,
            name=options["name"],
            options=parse_options({"owner": options["owner"]}),
        )
        if options["dry_run"]:
            checks = look_first(wish=wish, actor=actor)
            self._show([asdict(check) for check in checks], options)
            return REFUSED if any(check.level == "blocking" for check in checks) else DONE
        restore = request_restore(wish=wish, actor=actor)
        if options["wait"]:
            follow_file(restore, quiet=options["json"])
        return self._tell(restore_for(actor=actor, restore_id=restore.pk), options)

    def _tell(self, restore: Restore, options: dict[str, Any]) -> int:
        if options["json"]:
            self.stdout.write(orjson.dumps(describe(restore), option=orjson.OPT_INDENT_2).decode())
        else:
            said = restore.error or restore.get_status_display()
            self.stdout.write(f"{restore.target_name}: {said}")
        return (
            FAILED if restore.status in (Restore.Status.FAILED, Restore.Status.CANCELLED) else DONE
        )

    def _show(self, checks: list[dict[str, Any]], options: dict[str, Any]) -> None:
        if options["json"]:
            self.stdout.write(orjson.dumps({"preflight": checks}).decode())
            return
        words = {"ok": _("ok"), "warning": _("warn"), "blocking": _("BAD")}
        for check in checks:
            self.stdout.write(f"{words[check['level']]:>4}  {check['code']}: {check['message']}")

    def _end(self, code: int, error: BackupError | NotAllowed, options: dict[str, Any]) -> None:
        if options["json"]:
            if not isinstance(error, Blocked):
                found = {"error": {"code": error.code, "message": str(error)}}
                self.stdout.write(orjson.dumps(found).decode())
            sys.exit(code)
        raise CommandError(f"{error} ({error.code})", returncode=code)
