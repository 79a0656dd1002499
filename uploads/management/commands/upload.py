"""`manage.py upload list|show|store|end|allow`: what comes in, and what a sender is allowed."""

from typing import Any

import orjson
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils.translation import gettext as _

from access.models import User
from access.policy import System
from backups.errors import BackupError
from look.units import size
from uploads.description import describe_status
from uploads.ending import end_session
from uploads.limits import allow, quota_of
from uploads.models import UploadSession
from uploads.overview import FILTERS, list_uploads
from uploads.selectors import session_for
from uploads.sessions import retry_session

CLI = System("cli")


class Command(BaseCommand):
    help = "Look after uploads: list, show, store again, end; and what a sender is allowed."

    def add_arguments(self, parser: CommandParser) -> None:
        verbs = parser.add_subparsers(dest="verb", required=True)
        listing = verbs.add_parser("list", help="the newest uploads")
        listing.add_argument("--state", choices=list(FILTERS), default="")
        for verb, text in (
            ("show", "where one stands, as JSON"),
            ("store", "store a failed one again, while its bytes are here"),
            ("end", "end one that is coming in, and drop what came"),
        ):
            verbs.add_parser(verb, help=text).add_argument("id")
        allowing = verbs.add_parser("allow", help="what a sender is allowed; without options: show")
        allowing.add_argument("user", help="as in the audit: agent:NAME")
        for name in ("--most-mb", "--most-open", "--most-mb-a-day"):
            allowing.add_argument(name, type=int)
        allowing.add_argument("--delete-recordings", choices=["yes", "no"])

    def handle(self, *_args: Any, **options: Any) -> None:
        try:
            getattr(self, f"_{options['verb']}")(options)
        except BackupError as error:
            raise CommandError(str(error), returncode=3) from error

    def _list(self, options: dict[str, Any]) -> None:
        for one in list_uploads(actor=CLI, which=options["state"]).results:
            line = [one.public_id, one.status, size(one.file_size), str(one), one.error]
            self.stdout.write("\t".join(line).rstrip())

    def _show(self, options: dict[str, Any]) -> None:
        found = describe_status(self._named(options))
        self.stdout.write(orjson.dumps(found, option=orjson.OPT_INDENT_2).decode())

    def _store(self, options: dict[str, Any]) -> None:
        retry_session(session=self._named(options), actor=CLI)

    def _end(self, options: dict[str, Any]) -> None:
        end_session(session=self._named(options), actor=CLI)

    def _allow(self, options: dict[str, Any]) -> None:
        user = User.objects.filter(username=options["user"]).first()
        if user is None:
            raise CommandError(_("There is no %s.") % options["user"], returncode=3)
        given = {name: options[name] for name in ("most_mb", "most_open", "most_mb_a_day")}
        if any(value is not None and value < 0 for value in given.values()):
            raise CommandError(_("Give numbers of zero or more."), returncode=2)
        wanted: dict[str, Any] = {name: value for name, value in given.items() if value is not None}
        if options["delete_recordings"]:
            wanted["deletes_recordings"] = options["delete_recordings"] == "yes"
        if wanted:
            allow(user=user, actor=CLI, **wanted)
        for name, value in vars(quota_of(user)).items():
            self.stdout.write(f"{name}\t{value}")

    def _named(self, options: dict[str, Any]) -> UploadSession:
        return session_for(actor=CLI, ref=options["id"])
