"""`manage.py run_file FILE ATTEMPT`: what a supervisor starts; not for people."""

import sys
import uuid
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from monitoring.files.runner import run_file


class Command(BaseCommand):
    help = "Do the work of one claimed file. Started by a worker, not by people."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=uuid.UUID)
        parser.add_argument("attempt", type=int)

    def handle(self, *_args: Any, **options: Any) -> None:
        if not run_file(file_id=options["file"], attempt=options["attempt"]):
            sys.exit(75)  # sysexits(3), EX_TEMPFAIL
