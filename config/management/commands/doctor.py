"""`manage.py doctor`: every check of `config.doctor`; exit status 1 when one is bad."""

import json
import sys
from dataclasses import asdict
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandParser
from django.utils.translation import gettext as _

from config.doctor.checks import CHECKS
from config.doctor.results import Examination, Level, Result, run_checks

MARKS = {Level.OK: "  ok ", Level.WARNING: "warn ", Level.BAD: " BAD "}


class Command(BaseCommand):
    help = "Check everything that Holdfast needs, and say how to mend what is wrong."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--json", action="store_true", help="Answer in JSON.")

    def handle(self, *_args: Any, **options: Any) -> None:
        results = run_checks(CHECKS, Examination(settings.PLACES, settings.ENVIRONMENT))
        is_bad = any(result.level == Level.BAD for result in results)
        if options["json"]:
            found = [asdict(result) for result in results]
            self.stdout.write(json.dumps({"ok": not is_bad, "checks": found}, indent=2))
        else:
            self._tell(results)
        sys.exit(1 if is_bad else 0)

    def _tell(self, results: list[Result]) -> None:
        for result in results:
            self.stdout.write(f"{MARKS[result.level]} {result.name}: {result.found}")
            if result.mend:
                self.stdout.write(f"        {result.mend}")
        counts = {level: sum(result.level == level for result in results) for level in Level}
        self.stdout.write(
            _("\n%(bad)s bad, %(warnings)s warnings, %(ok)s in order")
            % {
                "bad": counts[Level.BAD],
                "warnings": counts[Level.WARNING],
                "ok": counts[Level.OK],
            }
        )
