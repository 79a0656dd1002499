"""`manage.py recover`: the installation on an empty machine again, by one command."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import connections
from django.utils.translation import gettext as _
from pyrage import x25519

from backups.errors import BackupError
from backups.recovery.copies import identity_in
from config.embedded.preparation import embedded_services
from config.embedded.service import start_service
from config.processes.child import Child
from config.recovering import folder
from config.recovering.errors import RecoveryRefused
from config.recovering.source import FoundSet, choose, open_set, others
from config.start import StartRefused, only_one
from faults import reach
from machine.errors import MachineError
from machine.folders import own_folder

REFUSED = 4
FAILED = 1
STOP_SECONDS = 10


class Command(BaseCommand):
    help = "Recover Holdfast itself on an empty machine, from a storage and the recovery key."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.epilog = (
            "Exit status: 0 done, 1 failed, 2 bad usage, 4 refused: nothing was touched."
        )
        parser.add_argument(
            "--from", dest="place", type=Path, required=True, metavar="FOLDER",
            help="the storage's folder, or that of one set",
        )  # fmt: skip
        parser.add_argument(
            "--key", type=Path, required=True, metavar="FILE", help="the recovery key"
        )
        parser.add_argument(
            "--set", dest="which", default="", metavar="NAME", help="not the newest: this one"
        )
        parser.add_argument(
            "--storage", action="append", default=[], metavar="NAME=FOLDER",
            help="where another storage lies now; may be repeated",
        )  # fmt: skip

    def handle(self, *_args: Any, **options: Any) -> None:
        places = settings.PLACES
        is_fresh = folder.marked_set(places) is None and folder.is_fresh(places)
        try:
            with only_one(places):
                again = self._recover(options)
        except (RecoveryRefused, BackupError, MachineError, StartRefused) as error:
            begun = folder.marked_set(places) is not None
            if is_fresh and not begun:
                folder.leave_nothing(places)
            more = _("Repeat the command; what it has left is taken away then.") if begun else ""
            code = getattr(error, "code", "failed")
            raise CommandError(
                f"{error} {more} ({code})".replace("  ", " "),
                returncode=FAILED if begun else REFUSED,
            ) from error
        if again:
            # The settings were read before the keys lay there.
            sys.stdout.flush()
            os.execv(sys.executable, [sys.executable, *sys.argv])  # noqa: S606 - ourselves again, no shell

    def _recover(self, options: dict[str, Any]) -> bool:
        """Whether to run once more, with the keys that lie there now."""
        places = settings.PLACES
        moved = _moved(options["storage"])
        identity = identity_in(options["key"])
        chosen = choose(options["place"], options["which"])
        try:
            found = open_set(chosen, identity)
        except RecoveryRefused as error:
            older = ", ".join(list(others(options["place"], chosen))[:5])
            hint = _(" Other sets lie there, try --set: %s") % older if older else ""
            raise type(error)(f"{error}{hint}") from error
        if folder.marked_set(places) != str(found.id):
            self._say(_("Set %s is whole, and the key opens it.") % chosen.name)
            folder.place_keys(places, found)
            return True
        if not settings.ENVIRONMENT.database_url:
            folder.forget_records(places)
        folder.place_audit_head(places, found)
        with _database():
            self._rebuild(found, identity, moved)
        folder.finish(places)
        return False

    def _rebuild(self, found: FoundSet, identity: x25519.Identity, moved: dict[str, Path]) -> None:
        from backups.cli.rescan import summary
        from backups.rescan.findings import Report
        from config.recovering.records import restore_records
        from config.recovering.rescanning import rescan_all
        from config.recovering.settling import audit_is_whole, settle

        restore_records(found, identity)
        self._say(_("The records are restored, and are those that were dumped."))
        whole = audit_is_whole()
        missing = settle(found, moved)
        for name, report in rescan_all():
            self._say(_("Storage %s:") % name)
            lines = summary(report) if isinstance(report, Report) else [str(report)]
            for line in lines:
                self._say(f"  {line}")
        reach("recover.rescanned")
        if not whole:
            self._say(_("WARNING: the audit is not the one whose end was kept with the keys."))
        for target in missing:
            where = target.options.get("folder")
            self._say(
                _("Not found here: storage %(name)s (%(where)s)")
                % {"name": target.name, "where": where}
            )
        self._say(
            NEXT
            % {
                "made": found.manifest["created_at"][:16],
                "public": found.manifest.get("installation"),
            }
        )

    def _say(self, text: str) -> None:
        self.stdout.write(text)
        self.stdout.flush()


NEXT = """
Holdfast is recovered, as it was at %(made)s UTC; backups made later were found at the storage.
  installation's key   %(public)s

What to do now:
  1. Make sure that the old machine does not start again: two must not share a storage.
  2. Start: manage.py up     (passwords and tokens are the old ones; everybody logs in anew)
  3. Look at the page Databases: hosts may be reached otherwise from here.
  4. Check what was found: manage.py backup validate --all --level checksum --no-wait
  5. Back up Holdfast itself: manage.py holdfast backup"""


@contextmanager
def _database() -> Iterator[None]:
    """Holdfast's own database, for the length of the block."""
    places = settings.PLACES
    children: list[Child] = []
    own_folder(places.logs, 0o700)
    try:
        if not settings.ENVIRONMENT.database_url:
            services = embedded_services(places, postgres=True, redis=False)
            children.extend(start_service(service) for service in services)
        yield
    finally:
        connections.close_all()
        for child in children:
            child.ask_to_stop()
            if not child.wait(STOP_SECONDS):
                child.kill()
                child.wait(STOP_SECONDS)


def _moved(words: list[str]) -> dict[str, Path]:
    found = {}
    for word in words:
        name, sign, place = word.partition("=")
        if not sign or not Path(place).is_dir():
            raise CommandError(
                _("Give --storage as NAME=FOLDER, a folder that is there."), returncode=2
            )
        found[name] = Path(place).resolve()
    return found
