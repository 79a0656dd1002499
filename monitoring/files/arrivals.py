"""A file whose bytes come in over the network, before any worker has it: no claim, no lease.

It is processing from its first byte; `wait_for_worker` queues it, and the rest is as for any file.
"""

import uuid

from django.db import transaction
from django.db.models import F, Value
from django.db.models.functions import Coalesce, Greatest, Now

from monitoring.events.services import record_event, wake_on_commit
from monitoring.files.models import Stage, TrackedFile
from monitoring.files.stages import STAGES

RECEIVE = "receive"


def begin_arrival(*, file: TrackedFile, bytes_total: int | None) -> None:
    """The first byte is here. Call it in the transaction that writes the domain row."""
    begun = TrackedFile.objects.filter(pk=file.pk, status=TrackedFile.Status.QUEUED)
    if begun.update(
        status=TrackedFile.Status.PROCESSING,
        started_at=Coalesce("started_at", Now()),
        seen_at=Now(),
    ):
        Stage.objects.filter(file=file, key=RECEIVE).update(
            status=Stage.Status.IN_PROGRESS, started_at=Now(), bytes_total=bytes_total
        )
        record_event(company=file.company, topic="file", subject=file.pk, state=f"stage:{RECEIVE}")


def record_arrival(*, file_id: uuid.UUID, bytes_done: int, bytes_total: int | None) -> None:
    """Where it stands. The sender's pace is no business of ours: silence ends nothing here."""
    percent = min(99.0, 100 * bytes_done / bytes_total) if bytes_total else 0.0
    Stage.objects.filter(file=file_id, key=RECEIVE).update(
        bytes_done=bytes_done, progress=Greatest(F("progress"), Value(percent))
    )
    TrackedFile.objects.filter(pk=file_id, status=TrackedFile.Status.PROCESSING).update(
        progress=Greatest(F("progress"), Value(_share(percent))), seen_at=Now()
    )
    wake_on_commit(file_id)


@transaction.atomic
def wait_for_worker(*, file: TrackedFile) -> None:
    """All of it is here: a worker may claim it."""
    mark_received(file=file)
    TrackedFile.objects.filter(pk=file.pk).update(
        status=TrackedFile.Status.QUEUED,
        progress=Greatest(F("progress"), Value(_share(100))),
        error="",
        completed_at=None,
    )
    record_event(company=file.company, topic="file", subject=file.pk, state="queued")


def mark_received(*, file: TrackedFile) -> None:
    """Also after an attempt was given back: its bytes need not come again."""
    Stage.objects.filter(file=file, key=RECEIVE).update(
        status=Stage.Status.COMPLETED,
        started_at=Coalesce("started_at", Now()),
        ended_at=Coalesce("ended_at", Now()),
        progress=100,
    )


def _share(percent: float) -> float:
    weight = next(stage.weight for stage in STAGES["upload"] if stage.key == RECEIVE)
    return weight * percent / 100
