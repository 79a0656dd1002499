"""`manage.py live queue|stats|connections`: the same numbers as by the API, of all companies."""

from typing import Any

import orjson
from django.core.management.base import BaseCommand, CommandParser

from monitoring.figures.reading import read_queues, read_stats
from monitoring.figures.scopes import Scope
from monitoring.files.stages import Kind
from monitoring.live.messages import queue_data, stats_data
from monitoring.live.numbers import Numbers
from monitoring.live.presence import connections_data, everyone


class Command(BaseCommand):
    help = "What waits and runs, the numbers of the installation, and who listens; as JSON."

    def add_arguments(self, parser: CommandParser) -> None:
        verbs = parser.add_subparsers(dest="verb", required=True)
        for verb in ("queue", "stats"):
            one = verbs.add_parser(verb)
            one.add_argument("--kind", action="append", choices=Kind.values, default=[])
        verbs.add_parser("connections")

    def handle(self, *args: Any, **options: Any) -> None:  # noqa: ARG002
        scope = Scope(None, kinds=tuple(options.get("kind", ())))
        found: Any
        if options["verb"] == "queue":
            found = queue_data(Numbers(read_queues([scope])[scope]))
        elif options["verb"] == "stats":
            stats = read_stats([scope])[scope]
            found = stats_data(Numbers(stats.queue, stats=stats))
        else:
            found = connections_data(everyone())
        self.stdout.write(orjson.dumps(found).decode())
