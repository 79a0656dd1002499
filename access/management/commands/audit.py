"""`manage.py audit verify|export|accept`: the audit's chain, checked and handed out."""

import sys
from datetime import UTC, datetime, time
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils.dateparse import parse_date
from django.utils.translation import gettext as _

from access import audit
from access.chain import Head
from access.export import ExportUnreadable, check_export, export_audit
from access.models import Company
from access.policy import System
from access.sealing import accept_head, seal_audit
from access.verification import verify_audit


class Command(BaseCommand):
    help = "Check the audit's chain, export it, or accept it as it is."

    def add_arguments(self, parser: CommandParser) -> None:
        verbs = parser.add_subparsers(dest="verb", required=True)
        verify = verbs.add_parser("verify", help="find an entry that was changed or removed")
        verify.add_argument("--head", action="append", default=[], help="a known POSITION:DIGEST")
        verify.add_argument("--export", action="append", default=[], help="an exported file")
        export = verbs.add_parser("export", help="write the entries as JSON lines with the head")
        export.add_argument("--from", dest="begin", help="the first day, YYYY-MM-DD (UTC)")
        export.add_argument("--to", dest="end", help="the last day, YYYY-MM-DD (UTC)")
        export.add_argument("-o", "--output", default="-", help="a new file (default: stdout)")
        verbs.add_parser("accept", help="after a restore: let the head follow the table again")

    def handle(self, *_args: Any, **options: Any) -> None:
        {"verify": self._verify, "export": self._export, "accept": self._accept}[options["verb"]](
            options
        )

    def _verify(self, options: dict[str, Any]) -> None:
        heads = [*map(_head, options["head"]), *map(_head_of_export, options["export"])]
        verdict = verify_audit(known=heads)
        if verdict.fault is not None:
            raise CommandError(verdict.fault.sentence, returncode=1)
        self.stdout.write(
            _("%(sealed)d entries are as they were sealed; %(unsealed)d wait for their seal.")
            % {"sealed": verdict.head.position, "unsealed": verdict.unsealed}
        )
        self.stdout.write(str(verdict.head))

    def _export(self, options: dict[str, Any]) -> None:
        begin, end = _day(options["begin"], time.min), _day(options["end"], time.max)
        seal_audit()
        lines = export_audit(begin=begin, end=end)
        if options["output"] == "-":
            for line in lines:
                sys.stdout.write(line + "\n")
            return
        try:
            with Path(options["output"]).open("x", encoding="utf-8") as file:
                file.writelines(line + "\n" for line in lines)
        except OSError as error:
            raise CommandError(str(error), returncode=1) from error

    def _accept(self, _options: dict[str, Any]) -> None:
        before, after = accept_head()
        company = Company.objects.order_by("pk").first()
        if company is not None:
            audit.record(
                actor=System("cli"),
                action="audit.head_accepted",
                thing=company,
                changes={"before": str(before or ""), "after": str(after)},
            )
        self.stdout.write(str(after))


def _head(text: str) -> Head:
    found = Head.parse(text)
    if found is None:
        raise CommandError(_("A head looks like POSITION:DIGEST."), returncode=2)
    return found


def _head_of_export(name: str) -> Head:
    try:
        with Path(name).open(encoding="utf-8") as file:
            head, fault = check_export(file)
    except (OSError, UnicodeDecodeError, ExportUnreadable) as error:
        raise CommandError(f"{name}: {error}", returncode=2) from error
    if fault is not None:
        raise CommandError(f"{name}: {fault.sentence}", returncode=1)
    return head


def _day(text: str | None, edge: time) -> datetime | None:
    if not text:
        return None
    try:
        day = parse_date(text)
    except ValueError:
        day = None
    if day is None:
        raise CommandError(_("Give days as YYYY-MM-DD."), returncode=2)
    return datetime.combine(day, edge, tzinfo=UTC)
