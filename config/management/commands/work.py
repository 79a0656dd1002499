"""`manage.py work QUEUE`: one cluster of the task queue, watched, which dies as a whole.

`up` starts two of them. django-q's own command leaves workers behind when its first process is
killed, stays when its sentinel is, and can look ready for ever without running anything.
"""

import os
import secrets
import signal
import sys
import time
from types import FrameType
from typing import Any, NoReturn

import structlog
from django.core.management.base import BaseCommand, CommandError, CommandParser

from config.processes.programs import QUEUES
from machine.lifeline import tie_every_fork
from monitoring.queue import CLUSTER_VARIABLE

log = structlog.get_logger(__name__)

LOOK_SECONDS = 0.25
START_SECONDS = 60


class Command(BaseCommand):
    help = "Run one cluster of the task queue until it is told to stop."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("queue", choices=QUEUES)
        parser.add_argument(
            "--patience",
            type=float,
            default=60.0,
            help="Seconds that work may wait for a free worker; then the cluster is ended.",
        )

    def handle(self, *_args: Any, **options: Any) -> None:
        queue = options["queue"]
        if os.environ.get("Q_CLUSTER_NAME") != queue:
            # django-q reads the name when its settings are imported, which has happened.
            raise CommandError(f"Set Q_CLUSTER_NAME={queue} in the environment of this command.")
        # Claims name their cluster by it, and canaries find the way to it.
        os.environ[CLUSTER_VARIABLE] = secrets.token_hex(4)
        _run(queue, options["patience"])


def _run(queue: str, patience: float) -> NoReturn:
    from django_q.cluster import Cluster

    from config.queues.ending import ask_to_stop, end_descendants
    from config.queues.judging import Limits
    from config.queues.watching import Watch

    tie_every_fork()
    cluster = Cluster()
    stop = _StopSignals()
    why = ""
    try:
        _start(cluster)
        watch = Watch(queue=queue, cluster=os.environ[CLUSTER_VARIABLE], limits=Limits(patience))
        watch.start()
        while not stop.came and not why:
            time.sleep(LOOK_SECONDS)
            why = watch.verdict() or ("" if cluster.sentinel.is_alive() else "its sentinel is gone")
        if stop.came:
            ask_to_stop(cluster)
    except Exception as error:
        log.exception("queue_broke", queue=queue)
        why = str(error)
    finally:
        end_descendants()
    if why:
        log.error("queue_ended", queue=queue, why=why)
    # Not through exit handlers, which would wait for processes and locks of the cluster.
    sys.stderr.flush()
    sys.stdout.flush()
    os._exit(1 if why else 0)


class _StopSignals:
    """In the place of django-q's handlers, which stop, and may deadlock, in the handler."""

    def __init__(self) -> None:
        self.came = False
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._hear)

    def _hear(self, _number: int, _frame: FrameType | None) -> None:
        self.came = True


def _start(cluster: Any) -> None:
    """Start it; django-q would wait for ever for a sentinel that hangs."""

    def give_up(_number: int, _frame: FrameType | None) -> None:
        raise TimeoutError(f"the cluster did not start in {START_SECONDS} s")

    signal.signal(signal.SIGALRM, give_up)
    signal.alarm(START_SECONDS)
    cluster.start()
    signal.alarm(0)
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
