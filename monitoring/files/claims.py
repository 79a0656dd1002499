"""Claiming a file: one worker at a time, by the database's clock, every write fenced.

A claim is (file, attempt, owner). Each write says all three; when no row changes, another
attempt has taken over and the worker stops (ClaimLost). No worker's clock decides anything.
"""

import os
import socket
import threading
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta

from django.db import connection
from django.db.models import F, Q, QuerySet
from django.db.models.functions import Now

from monitoring.files.models import TrackedFile

LEASE = timedelta(seconds=60)
RENEW_EVERY_SECONDS = 10.0


class ClaimLost(Exception):
    """Another attempt owns the file, or the lease ended. Stop, and write nothing more."""

    code = "worker_lost"


@dataclass(frozen=True)
class Claim:
    file_id: uuid.UUID
    attempt: int
    owner: str

    def rows(self) -> QuerySet[TrackedFile]:
        return TrackedFile.objects.filter(
            pk=self.file_id,
            attempt=self.attempt,
            owner=self.owner,
            status=TrackedFile.Status.PROCESSING,
        )

    def write(self, **values: object) -> None:
        """Change the file's row, or raise ClaimLost."""
        if not self.rows().update(**values):
            raise ClaimLost("Another worker has taken over.")

    def hold(self) -> TrackedFile:
        """Lock the row for the rest of the transaction, or raise ClaimLost.

        For writes to rows beside it, which must not happen after a take-over.
        """
        found = self.rows().select_for_update().first()
        if found is None:
            raise ClaimLost("Another worker has taken over.")
        return found

    def renew(self) -> None:
        self.write(lease_until=Now() + LEASE)


def claim(*, file_id: uuid.UUID) -> Claim | None:
    """Take a queued file, or None when it is not queued (a task delivered twice)."""
    owner = f"{socket.gethostname()}:{os.getpid()}:{uuid.uuid4().hex[:8]}"
    taken = TrackedFile.objects.filter(pk=file_id, status=TrackedFile.Status.QUEUED).update(
        status=TrackedFile.Status.PROCESSING,
        attempt=F("attempt") + 1,
        owner=owner,
        lease_until=Now() + LEASE,
        started_at=Now(),
    )
    if not taken:
        return None
    attempt = TrackedFile.objects.values_list("attempt", flat=True).get(pk=file_id, owner=owner)
    return Claim(file_id, attempt, owner)


def expired() -> QuerySet[TrackedFile]:
    """Files whose worker has not renewed its lease."""
    return TrackedFile.objects.filter(status=TrackedFile.Status.PROCESSING, lease_until__lt=Now())


def held() -> QuerySet[TrackedFile]:
    """Files on which a worker is at work."""
    return TrackedFile.objects.filter(status=TrackedFile.Status.PROCESSING, lease_until__gte=Now())


def older_than(field: str, seconds: float) -> Q:
    """The condition that a time is at least that long ago, by the database's clock."""
    return Q(**{f"{field}__lt": Now() - timedelta(seconds=seconds)})


@contextmanager
def kept_alive(held: Claim) -> Iterator[threading.Event]:
    """Renew the lease from a thread of its own while the block runs.

    The event is set when the claim is lost; who works under it looks at it and stops.
    """
    ended = threading.Event()
    lost = threading.Event()

    def renew() -> None:
        try:
            while not ended.wait(RENEW_EVERY_SECONDS):
                held.renew()
        except Exception:  # noqa: BLE001 - whatever stops the renewing, the claim is not safe
            lost.set()
        finally:
            connection.close()

    thread = threading.Thread(target=renew, name="lease", daemon=True)
    thread.start()
    try:
        yield lost
    finally:
        ended.set()
        thread.join()
