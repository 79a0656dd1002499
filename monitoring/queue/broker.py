"""The broker of the task queue: django-q's on PostgreSQL, by the database's clock alone.

Its own compares the clocks of the machines: what one that is ahead by an hour puts in, the
others do not see for an hour. Named in the settings (`Q_CLUSTER["broker_class"]`).
"""

import os
import time
from datetime import timedelta
from typing import Any

import structlog
from django.db import InterfaceError, OperationalError, close_old_connections, connections
from django.db.models import QuerySet
from django.db.models.functions import Now
from django_q.brokers.orm import ORM
from django_q.conf import Conf
from django_q.models import OrmQ

from monitoring.queue import CLUSTER_VARIABLE

log = structlog.get_logger(__name__)

FIRST_PAUSE = 0.2
LONGEST_PAUSE = 2.0
AWAY = (OperationalError, InterfaceError)

# A CTE, since a subquery with LIMIT may be run again for each row, and then lock more than that.
TAKE = """
WITH waiting AS MATERIALIZED (
    SELECT id FROM django_q_ormq
    WHERE key = ANY(%(keys)s) AND lock <= statement_timestamp()
    ORDER BY lock, id LIMIT %(most)s FOR UPDATE SKIP LOCKED
)
UPDATE django_q_ormq AS task SET lock = statement_timestamp() + %(retry)s
FROM waiting WHERE task.id = waiting.id
RETURNING task.id, task.payload
"""


def address(*, queue: str, cluster: str) -> str:
    """The key of tasks for this very cluster of the queue; canaries go there."""
    return f"{queue}@{cluster}"


class DatabaseClockBroker(ORM):  # type: ignore[misc]  # django-q ships no types
    """Tasks are rows; `lock` is when a row may be taken, which is also when it was put in."""

    _pause = FIRST_PAUSE

    @staticmethod
    def get_connection(list_key: str | None = None) -> QuerySet[OrmQ]:  # noqa: ARG004
        """The rows. Without a connection to begin with: a cluster may start before its database."""
        if not connections[Conf.ORM].in_atomic_block:
            close_old_connections()
        rows: QuerySet[OrmQ] = OrmQ.objects.using(Conf.ORM)
        return rows

    def enqueue(self, task: str) -> int:
        """In the caller's transaction: the task is there when, and only when, that commits."""
        row = self.get_connection().create(
            key=self.list_key or Conf.CLUSTER_NAME, payload=task, lock=Now()
        )
        return int(row.pk)

    def dequeue(self) -> list[tuple[int, str]] | None:
        """Take the oldest tasks that wait, in one statement; None, after a pause, without any."""
        connection = connections[Conf.ORM]
        try:
            taken = self._take()
        except AWAY as error:
            if connection.in_atomic_block:
                raise
            self._wait_for_the_database(error)
            return None
        self._pause = FIRST_PAUSE
        if not taken:
            time.sleep(Conf.POLL)
            return None
        return taken

    def queue_size(self) -> int:
        return self._rows().filter(lock__lte=Now()).count()

    def lock_size(self) -> int:
        return self._rows().filter(lock__gt=Now()).count()

    def delete(self, task_id: int) -> None:
        """Acknowledge. When it cannot be said the task comes again, and finds its row done."""
        try:
            super().delete(task_id)
        except AWAY as error:
            if connections[Conf.ORM].in_atomic_block:
                raise
            log.warning("task_not_acknowledged", task=task_id, error=str(error))
            connections[Conf.ORM].close()

    def _take(self) -> list[tuple[int, str]]:
        # Not through `get_connection`, which makes a new connection for each look.
        retry = timedelta(seconds=Conf.RETRY)
        wanted: dict[str, Any] = {"keys": self._keys(), "most": Conf.BULK, "retry": retry}
        with connections[Conf.ORM].cursor() as cursor:
            cursor.execute(TAKE, wanted)
            return [(int(key), str(payload)) for key, payload in cursor.fetchall()]

    def _keys(self) -> list[str]:
        cluster = os.environ.get(CLUSTER_VARIABLE)
        own = [address(queue=self.list_key, cluster=cluster)] if cluster else []
        return [self.list_key, *own]

    def _rows(self) -> QuerySet[OrmQ]:
        rows: QuerySet[OrmQ] = self.get_connection().filter(key=self.list_key)
        return rows

    def _wait_for_the_database(self, error: Exception) -> None:
        """django-q would end the process that takes tasks and fork another, again and again."""
        if self._pause == FIRST_PAUSE:
            log.warning("queue_without_database", queue=self.list_key, error=str(error))
        connections[Conf.ORM].close()
        time.sleep(self._pause)
        self._pause = min(self._pause * 2, LONGEST_PAUSE)
