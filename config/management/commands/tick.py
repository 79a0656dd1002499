"""`manage.py tick`: the process that makes happen what has to happen by itself."""

import signal
import threading
from typing import Any

from django.core.management.base import BaseCommand

from config.tick import run_forever


class Command(BaseCommand):
    # They read every address and page of the product, which it has no use for.
    requires_system_checks: list[str] = []
    help = "Run the tick: re-wakes what waits, ends what was lost. `up` starts it."

    def handle(self, *_args: Any, **_options: Any) -> None:
        stop = threading.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: stop.set())
        run_forever(stop)
