"""`manage.py recording list|retention|cleanup|delete`: what stays, how long, and what goes."""

from typing import Any

import orjson
from django.core.management.base import BaseCommand, CommandError, CommandParser

from access.models import Company
from access.policy import System
from backups.description import iso
from backups.errors import BackupError
from look.units import size
from storage.api.bodies import BadValue, company_for
from uploads.recordings.cleanup import clean_recordings
from uploads.recordings.description import describe_preview
from uploads.recordings.retention import PERMISSION, preview_cleanup, set_retention, stopped
from uploads.recordings.selectors import RecordingFilters, list_recordings, recording_for
from uploads.recordings.services import delete_recording

CLI = System("cli")


class Command(BaseCommand):
    help = "Look after recordings: list, delete; how long they stay, and the cleanup."

    def add_arguments(self, parser: CommandParser) -> None:
        verbs = parser.add_subparsers(dest="verb", required=True)
        verbs.add_parser("list", help="the newest, and when each goes").add_argument(
            "--search", default=""
        )
        verbs.add_parser("delete", help="delete one").add_argument("id")
        keeping = verbs.add_parser("retention", help="how long they stay; without --days: show")
        keeping.add_argument("--days", help="0: for ever; none: as the installation has it")
        cleaning = verbs.add_parser("cleanup", help="remove what has expired")
        cleaning.add_argument("--dry-run", action="store_true", help="say what, remove nothing")
        cleaning.add_argument(
            "--confirm",
            action="store_true",
            help="also where the cleanup is stopped: you have looked at the dry run",
        )
        for verb in (keeping, cleaning):
            verb.add_argument("--company", default="", help="its name or id; needed with several")

    def handle(self, *_args: Any, **options: Any) -> None:
        try:
            getattr(self, f"_{options['verb']}")(options)
        except BackupError as error:
            raise CommandError(str(error), returncode=3) from error
        except BadValue as error:
            raise CommandError(str(error), returncode=2) from error

    def _list(self, options: dict[str, Any]) -> None:
        filters = RecordingFilters(search=options["search"])
        for one in list_recordings(actor=CLI, filters=filters).results:
            goes = iso(getattr(one, "expires_at", None)) or "-"
            line = [str(one.pk), size(one.size), str(iso(one.created_at)), goes, one.file_name]
            self.stdout.write("\t".join(line))

    def _delete(self, options: dict[str, Any]) -> None:
        delete_recording(recording=recording_for(actor=CLI, file_id=options["id"]), actor=CLI)

    def _retention(self, options: dict[str, Any]) -> None:
        company = _company(options)
        if options["days"] is not None:
            set_retention(company=company, days=_days(options["days"]), actor=CLI)
        self._show(company)

    def _cleanup(self, options: dict[str, Any]) -> None:
        company = _company(options)
        if not options["dry_run"]:
            removed = clean_recordings(company=company, actor=CLI, confirmed=options["confirm"])
            self.stderr.write(f"{removed} removed")
        self._show(company)
        if stopped(company) and not options["dry_run"]:
            raise CommandError(preview_cleanup(company=company).stop_words, returncode=3)

    def _show(self, company: Company) -> None:
        found = describe_preview(preview_cleanup(company=company), stopped(company))
        self.stdout.write(orjson.dumps(found, option=orjson.OPT_INDENT_2).decode())


def _company(options: dict[str, Any]) -> Company:
    return company_for(actor=CLI, permission=PERMISSION, ref=options["company"])


def _days(text: str) -> int | None:
    if text == "none":
        return None
    if not text.isascii() or not text.isdigit() or len(text) > 6:
        raise CommandError("--days is a number, or none.", returncode=2)
    return int(text)
