"""`manage.py work QUEUE`: one cluster of the task queue, which dies as a whole.

`up` starts two of them. django-q's own command leaves workers behind when its first
process is killed, and stays when its sentinel is.
"""

import os
import sys
import time
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from config.processes.lifeline import tie_every_fork
from config.processes.programs import QUEUES

LOOK_SECONDS = 0.5


class Command(BaseCommand):
    help = "Run one cluster of the task queue until it is told to stop."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("queue", choices=QUEUES)

    def handle(self, *_args: Any, **options: Any) -> None:
        queue = options["queue"]
        if os.environ.get("Q_CLUSTER_NAME") != queue:
            # django-q reads the name when its settings are imported, which has happened.
            raise CommandError(f"Set Q_CLUSTER_NAME={queue} in the environment of this command.")
        from django_q.cluster import Cluster

        tie_every_fork()
        cluster = Cluster()
        cluster.start()
        while cluster.sentinel.is_alive():
            time.sleep(LOOK_SECONDS)
        # After an orderly stop the cluster has forgotten its events; else the sentinel died.
        if not cluster.has_stopped:
            sys.exit("The queue's sentinel is gone; ending so that the cluster is started anew.")
