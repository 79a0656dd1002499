"""The watch beside a cluster: sends its canaries, asks the database, comes to a verdict.

In a thread of its own, so that a hanging database never holds up an orderly stop.
"""

import threading
import time

import structlog
from django.db import connection
from django.utils.translation import gettext as _

from config.queues.judging import Judge, Limits, Sight
from monitoring.alerts.rounds import wake_deliveries
from monitoring.alerts.rules import alert_silent_tick
from monitoring.files.claims import held
from monitoring.heartbeats.canaries import send_canary
from monitoring.queue.selectors import canary_is_under_way, lags, settings_of, tasks_at_work

log = structlog.get_logger(__name__)

CLAIMING = "long"


def stand_in_for_the_tick() -> None:
    """When the tick is silent, people hear of it all the same: nobody else could tell them."""
    alert_silent_tick()
    wake_deliveries()


class Watch(threading.Thread):
    def __init__(self, *, queue: str, cluster: str, limits: Limits) -> None:
        super().__init__(name="watch", daemon=True)
        self._verdict = ""
        self._looked = time.monotonic()
        self._queue = queue
        self._cluster = cluster
        self._limits = limits
        self._workers = int(settings_of(queue)["workers"])
        self._judge = Judge(limits, now=time.monotonic())
        self._sent: float | None = None
        self._stood_in = time.monotonic()

    def verdict(self) -> str:
        """Why the cluster has to be started anew; empty while it has not."""
        silent = time.monotonic() - self._looked
        if silent > self._limits.longest_look:
            # A refusal is quick; on a connection without an end the cluster hangs as we do.
            return _("the database has not answered for %d s") % silent
        return self._verdict

    def run(self) -> None:
        while not self._verdict:
            self._looked = time.monotonic()
            try:
                sight = self._look()
                self._verdict = self._judge.judge(sight, now=time.monotonic())
            except Exception as error:  # noqa: BLE001 - whatever it is, nothing is known now
                log.warning("queue_not_watched", queue=self._queue, error=str(error))
                connection.close()
                self._judge.excuse(now=time.monotonic())
            time.sleep(self._limits.look_every)

    def _look(self) -> Sight:
        if time.monotonic() - self._stood_in > self._limits.canary_every:
            self._stood_in = time.monotonic()
            stand_in_for_the_tick()
        return Sight(
            task=lags()[self._queue].total_seconds(),
            canary=self._canary(),
            free=self._workers - self._busy(),
        )

    def _canary(self) -> float:
        """How long the canary has been under way; without one it is time for the next."""
        now = time.monotonic()
        if self._sent is not None:
            if canary_is_under_way(queue=self._queue, cluster=self._cluster):
                return now - self._sent
            if now - self._sent < self._limits.canary_every:
                return 0.0
        send_canary(queue=self._queue, cluster=self._cluster)
        self._sent = now
        return 0.0

    def _busy(self) -> int:
        """Long work holds claims, which name their cluster; short work has a time-out."""
        if self._queue == CLAIMING:
            return held().filter(owner__contains=f":{self._cluster}:").count()
        return tasks_at_work(self._queue)
