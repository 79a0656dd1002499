"""`manage.py notice post|list|withdraw`: say something to everyone who uses this installation."""

from typing import Any

import orjson
from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _

from access.models import Company
from access.policy import System
from monitoring.notices.description import describe_notice
from monitoring.notices.models import Notice
from monitoring.notices.selectors import not_over
from monitoring.notices.services import post_notice, withdraw_notice

CLI = System("cli")


class Command(BaseCommand):
    help = (
        "Notices for everyone: post, list, withdraw. Exit status: 0 done, 2 bad usage, 3 not found."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        verbs = parser.add_subparsers(dest="verb", required=True)
        post = verbs.add_parser("post", help="say something; prints its id")
        post.add_argument("title")
        post.add_argument("--message", default="")
        post.add_argument("--kind", choices=Notice.Kind.values, default="system")
        post.add_argument("--level", choices=Notice.Level.values, default="info")
        post.add_argument(
            "--from", dest="starts_at", metavar="TIME", help="ISO 8601 (default: now)"
        )
        post.add_argument(
            "--until", dest="ends_at", metavar="TIME", help="ISO 8601 (default: ever)"
        )
        post.add_argument("--company", help="for these people alone (default: everyone)")
        listing = verbs.add_parser("list", help="what holds and what is to come")
        listing.add_argument("--json", action="store_true", help="answer in JSON")
        verbs.add_parser("withdraw", help="take one back").add_argument("id", type=int)

    def handle(self, *args: Any, **options: Any) -> None:  # noqa: ARG002
        getattr(self, f"_{options['verb']}")(options)

    def _post(self, options: dict[str, Any]) -> None:
        company = None
        if options["company"]:
            company = Company.objects.filter(name=options["company"]).first()
            if company is None:
                raise CommandError(_("There is no such company."), returncode=3)
        try:
            notice = post_notice(
                actor=CLI,
                title=options["title"],
                message=options["message"],
                kind=options["kind"],
                level=options["level"],
                starts_at=_moment(options["starts_at"]),
                ends_at=_moment(options["ends_at"]),
                company=company,
            )
        except ValidationError as error:
            raise CommandError("; ".join(error.messages), returncode=2) from error
        self.stdout.write(str(notice.pk))

    def _list(self, options: dict[str, Any]) -> None:
        rows = [describe_notice(row) for row in not_over(Notice.objects.select_related("company"))]
        if options["json"]:
            self.stdout.write(orjson.dumps({"results": rows}).decode())
            return
        for row in rows:
            until = row["ends_at"] or "-"
            self.stdout.write(f"{row['id']}\t{row['level']}\t{row['title']}\t{until}")

    def _withdraw(self, options: dict[str, Any]) -> None:
        notice = Notice.objects.filter(pk=options["id"]).first()
        if notice is None:
            raise CommandError(_("There is no such notice."), returncode=3)
        withdraw_notice(actor=CLI, notice=notice)


def _moment(text: str | None) -> Any:
    if not text:
        return None
    try:
        found = parse_datetime(text)
    except ValueError:
        found = None
    if found is None:
        raise CommandError(_("Write times as 2026-11-21T18:00."), returncode=2)
    return found if timezone.is_aware(found) else timezone.make_aware(found)
