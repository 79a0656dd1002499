"""`manage.py up`: start everything, stay, and stop everything."""

import sys
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand

from config.start import StartRefused, start_everything


class Command(BaseCommand):
    help = "Start Holdfast with all it needs, and stop it again with Ctrl-C."
    requires_system_checks: list[str] = []

    def handle(self, *_args: Any, **_options: Any) -> None:
        try:
            start_everything(settings.PLACES, settings.ENVIRONMENT, version=settings.VERSION)
        except StartRefused as refused:
            self.stderr.write(str(refused))
            sys.exit(refused.status)
