"""Verbs on tracked files under way: open, enter a stage, progress. How they end: `endings`."""

from collections.abc import Collection, Sequence

from django.db import transaction
from django.db.models import F, Value
from django.db.models.functions import Greatest, Now

from access.models import Company, User
from access.redaction import redact
from monitoring.events.models import Event
from monitoring.events.services import record_event, record_events, wake_on_commit
from monitoring.files.claims import Claim
from monitoring.files.journal import Journal
from monitoring.files.models import Stage, TrackedFile
from monitoring.files.stages import STAGES


@transaction.atomic
def open_file(
    *,
    kind: str,
    company: Company,
    name: str,
    original_path: str,
    origin: str,
    created_by: User | None = None,
    only: Collection[str] | None = None,
) -> TrackedFile:
    """A new queued file with the standard stages of its kind, or with these alone of them."""
    file = TrackedFile(
        kind=kind,
        company=company,
        name=name,
        original_path=redact(original_path)[:500],
        origin=origin,
        created_by=created_by,
    )
    open_files([file], only=only)
    return file


def open_files(files: Sequence[TrackedFile], *, only: Collection[str] | None = None) -> None:
    """Many at once; their rows are made here. Call it in a transaction."""
    TrackedFile.objects.bulk_create(files)
    Stage.objects.bulk_create(
        Stage(file=file, key=stage.key, position=position)
        for file in files
        for position, stage in enumerate(STAGES[file.kind])
        if only is None or stage.key in only
    )
    record_events(
        [
            Event(company=file.company, topic="file", subject=file.pk, state="queued")
            for file in files
        ]
    )


@transaction.atomic
def enter_stage(
    *, claim: Claim, key: str, journal: Journal, bytes_total: int | None = None
) -> None:
    """End the stage in progress and begin this one."""
    file = claim.hold()
    journal.end_step()
    journal.write(file)
    Stage.objects.filter(file=file, status=Stage.Status.IN_PROGRESS).update(
        status=Stage.Status.COMPLETED, ended_at=Now(), progress=100
    )
    Stage.objects.filter(file=file, key=key).update(
        status=Stage.Status.IN_PROGRESS, started_at=Now(), bytes_total=bytes_total
    )
    journal.stage = key
    _raise_progress(file, key, 0)
    record_event(company=file.company, topic="file", subject=file.pk, state=f"stage:{key}")


@transaction.atomic
def record_progress(
    *,
    claim: Claim,
    key: str,
    journal: Journal,
    bytes_done: int,
    bytes_total: int | None,
    share: float | None = None,
) -> None:
    """Where the stage stands, with a sign of life. At most four times a second: `progress.Meter`.

    `bytes_total` may be an estimate: a stage in progress shows at most 99 percent. With `share`,
    what is done besides the bytes (0 to 1), each counts for half.
    """
    file = claim.hold()
    journal.write(file)
    percent = 100 * bytes_done / bytes_total if bytes_total else 0.0
    if share is not None:
        percent = (min(100.0, percent) + 100 * share) / 2
    percent = min(99.0, percent)
    Stage.objects.filter(file=file, key=key).update(
        bytes_done=Greatest(F("bytes_done"), Value(bytes_done)),
        bytes_total=bytes_total,
        progress=Greatest(F("progress"), Value(percent)),
    )
    _raise_progress(file, key, percent)
    wake_on_commit(file.pk)


def _raise_progress(file: TrackedFile, key: str, percent: float) -> None:
    has = set(Stage.objects.filter(file=file).values_list("key", flat=True))
    stages = [stage for stage in STAGES[file.kind] if stage.key in has]
    whole = sum(stage.weight for stage in stages) / 100
    before = 0
    for stage in stages:
        if stage.key == key:
            overall = (before + stage.weight * percent / 100) / whole
            TrackedFile.objects.filter(pk=file.pk).update(
                progress=Greatest(F("progress"), Value(float(overall))), seen_at=Now()
            )
            return
        before += stage.weight
