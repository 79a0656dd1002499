"""Claiming a file: one worker at a time, by the database's clock, every write fenced.

A claim is (file, attempt, owner). Each write says all three; when no row changes, another
attempt has taken over and the worker stops (ClaimLost). No worker's clock decides anything.
"""

import os
import socket
import uuid
from dataclasses import dataclass
from datetime import timedelta

from django.db.models import F, Q, QuerySet
from django.db.models.functions import Now

from faults import reach
from monitoring.events.services import record_event
from monitoring.files.models import TrackedFile
from monitoring.queue import CLUSTER_VARIABLE

LEASE = timedelta(seconds=45)


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
        found = self.rows().select_for_update(of=("self",)).select_related("company").first()
        if found is None:
            raise ClaimLost("Another worker has taken over.")
        return found

    def renew(self) -> None:
        self.write(lease_until=Now() + LEASE)


def claim(*, file_id: uuid.UUID) -> Claim | None:
    """Take a queued file, or None when it is not queued (a task delivered twice).

    Call it in the transaction that writes the domain row's beginning.
    """
    owner = _new_owner()
    taken = TrackedFile.objects.filter(pk=file_id, status=TrackedFile.Status.QUEUED).update(
        status=TrackedFile.Status.PROCESSING,
        attempt=F("attempt") + 1,
        owner=owner,
        lease_until=Now() + LEASE,
        started_at=Now(),
        seen_at=Now(),
    )
    if not taken:
        return None
    file = TrackedFile.objects.select_related("company").get(pk=file_id, owner=owner)
    record_event(company=file.company, topic="file", subject=file_id, state="processing")
    reach("claim.taken")
    return Claim(file_id, file.attempt, owner)


def present_claim(*, file_id: uuid.UUID, attempt: int) -> Claim:
    """The claim that a supervisor holds, for the runner that it started. Raises ClaimLost."""
    rows = TrackedFile.objects.filter(pk=file_id, attempt=attempt)
    owner = rows.filter(status=TrackedFile.Status.PROCESSING).values_list("owner", flat=True)
    found = owner.first()
    if found is None:
        raise ClaimLost("Another worker has taken over.")
    return Claim(file_id, attempt, found)


def expired() -> QuerySet[TrackedFile]:
    """Files whose worker has not renewed its lease."""
    return TrackedFile.objects.filter(status=TrackedFile.Status.PROCESSING, lease_until__lt=Now())


def held() -> QuerySet[TrackedFile]:
    """Files on which a worker is at work."""
    return TrackedFile.objects.filter(status=TrackedFile.Status.PROCESSING, lease_until__gte=Now())


def older_than(field: str, seconds: float) -> Q:
    """The condition that a time is at least that long ago, by the database's clock."""
    return Q(**{f"{field}__lt": Now() - timedelta(seconds=seconds)})


def _new_owner() -> str:
    """HOST:CLUSTER:PID:RANDOM. The cluster's watchdog counts its own by the second word."""
    cluster = os.environ.get(CLUSTER_VARIABLE, "-")
    return f"{socket.gethostname()[:50]}:{cluster}:{os.getpid()}:{uuid.uuid4().hex[:8]}"
