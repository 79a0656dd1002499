"""Verbs on tracked files: open, enter a stage, progress, finish."""

from django.db import transaction
from django.db.models import F, Value
from django.db.models.functions import Greatest, Now

from access.models import Company
from access.redaction import redact
from monitoring.files.claims import Claim
from monitoring.files.models import Stage, TrackedFile
from monitoring.files.stages import STAGES


@transaction.atomic
def open_file(*, kind: str, company: Company, name: str, original_path: str) -> TrackedFile:
    """A new queued file with its standard stages."""
    file = TrackedFile.objects.create(
        kind=kind, company=company, name=name, original_path=redact(original_path)[:500]
    )
    Stage.objects.bulk_create(
        Stage(file=file, key=stage.key, position=position)
        for position, stage in enumerate(STAGES[kind])
    )
    return file


@transaction.atomic
def enter_stage(*, claim: Claim, key: str, bytes_total: int | None = None) -> None:
    """End the stage in progress and begin this one."""
    file = claim.hold()
    _end_stage(file, Stage.Status.COMPLETED)
    Stage.objects.filter(file=file, key=key).update(
        status=Stage.Status.IN_PROGRESS, started_at=Now(), bytes_total=bytes_total
    )
    _raise_progress(file, key, 0)


@transaction.atomic
def record_progress(*, claim: Claim, key: str, bytes_done: int, bytes_total: int | None) -> None:
    """Where the stage stands. Call it at most four times a second (see `progress.Meter`).

    `bytes_total` may be an estimate: a stage in progress shows at most 99 percent.
    """
    file = claim.hold()
    percent = min(99.0, 100 * bytes_done / bytes_total) if bytes_total else 0.0
    Stage.objects.filter(file=file, key=key).update(
        bytes_done=Greatest(F("bytes_done"), Value(bytes_done)),
        bytes_total=bytes_total,
        progress=Greatest(F("progress"), Value(percent)),
    )
    _raise_progress(file, key, percent)


def finish_file(*, claim: Claim) -> None:
    """The file's good end. Call it in the transaction that writes the domain row's outcome."""
    file = claim.hold()
    _end_stage(file, Stage.Status.COMPLETED)
    claim.write(
        status=TrackedFile.Status.COMPLETED, progress=100, completed_at=Now(), lease_until=None
    )


def fail_file(*, file: TrackedFile, error: str) -> bool:
    """The file's bad end, for the attempt that `file` shows; False when another has it."""
    failed = TrackedFile.objects.filter(
        pk=file.pk,
        attempt=file.attempt,
        status__in=[TrackedFile.Status.QUEUED, TrackedFile.Status.PROCESSING],
    ).update(
        status=TrackedFile.Status.FAILED,
        error=redact(error),
        completed_at=Now(),
        lease_until=None,
    )
    if failed:
        _end_stage(file, Stage.Status.FAILED)
    return bool(failed)


def _end_stage(file: TrackedFile, status: str) -> None:
    running = Stage.objects.filter(file=file, status=Stage.Status.IN_PROGRESS)
    if status == Stage.Status.COMPLETED:
        running.update(status=status, ended_at=Now(), progress=100)
    else:
        running.update(status=status, ended_at=Now())


def _raise_progress(file: TrackedFile, key: str, percent: float) -> None:
    before = 0
    for stage in STAGES[file.kind]:
        if stage.key == key:
            overall = before + stage.weight * percent / 100
            TrackedFile.objects.filter(pk=file.pk).update(
                progress=Greatest(F("progress"), Value(float(overall)))
            )
            return
        before += stage.weight
