"""Writing what server code says of a file that no worker has claimed: its course and its facts.

A claimed file is its worker's: progress may be raised from outside, its end may not be written.
"""

import math
import uuid
from typing import Any

from django.db import transaction
from django.db.models import F, Value
from django.db.models.functions import Coalesce, Greatest, Now

from access.redaction import redact
from monitoring.events.services import record_event, wake_on_commit
from monitoring.files.courses import Failure, has_course
from monitoring.files.endings import end_badly
from monitoring.files.models import FileFacts, Stage, TrackedFile
from monitoring.files.stages import Kind

Status = TrackedFile.Status
# Their good end is written by the verb that has checked it, and by no other.
CHECKED = frozenset({Kind.BACKUP, Kind.RESTORE, Kind.DRILL, Kind.COPY})


class AnnouncementRefused(Exception):
    """Nothing was written; the message says why."""

    code = "announcement_refused"


@transaction.atomic
def announce_progress(
    *, file_id: uuid.UUID, progress: float, is_running: bool, title: str, url: str, **facts: Any
) -> None:
    """`progress` in percent. After the end it changes nothing. Raises AnnouncementRefused."""
    if not math.isfinite(progress) or not 0 <= progress <= 100:
        raise AnnouncementRefused("progress must be a number from 0 to 100.")
    file = _locked(file_id)
    if file.is_over:
        return
    _describe(file, title, url, facts)
    begins = is_running and file.status == Status.QUEUED
    values: dict[str, Any] = {"progress": Greatest(F("progress"), Value(float(progress)))}
    if begins:
        values |= {"status": Status.PROCESSING, "started_at": Coalesce("started_at", Now())}
    TrackedFile.objects.filter(pk=file.pk).update(**values)
    if begins:
        _tell(file, Status.PROCESSING)
    else:
        wake_on_commit(file.pk)


@transaction.atomic
def announce_completed(*, file_id: uuid.UUID, title: str, url: str, **facts: Any) -> None:
    """Once: a file that is over stays as it is. Raises AnnouncementRefused."""
    file = _unclaimed(file_id)
    if file is None:
        return
    if file.kind in CHECKED:
        raise AnnouncementRefused("The end of such a file is written by who has checked it.")
    _describe(file, title, url, facts)
    Stage.objects.filter(file=file).update(status=Stage.Status.COMPLETED, progress=100)
    TrackedFile.objects.filter(pk=file.pk).update(
        status=Status.COMPLETED,
        progress=100,
        started_at=Coalesce("started_at", Now()),
        completed_at=Now(),
    )
    _tell(file, Status.COMPLETED)


@transaction.atomic
def announce_failed(
    *, file_id: uuid.UUID, error_message: str, title: str, url: str, **facts: Any
) -> None:
    """Once: a file that is over stays as it is. Raises AnnouncementRefused."""
    file = _unclaimed(file_id)
    if file is None:
        return
    _describe(file, title, url, facts)
    if has_course(file.kind):
        end_badly(file=file, failure=Failure("failed", error_message))
        return
    TrackedFile.objects.filter(pk=file.pk).update(
        status=Status.FAILED, error=redact(error_message), completed_at=Now()
    )
    _tell(file, Status.FAILED)


def _locked(file_id: uuid.UUID) -> TrackedFile:
    rows = TrackedFile.objects.select_for_update(of=("self",)).select_related("company")
    found: TrackedFile | None = rows.filter(pk=file_id).first()
    if found is None:
        raise AnnouncementRefused("There is no such file.")
    return found


def _unclaimed(file_id: uuid.UUID) -> TrackedFile | None:
    """None when it is over."""
    file = _locked(file_id)
    if file.is_over:
        return None
    if file.status == Status.PROCESSING and file.owner:
        raise AnnouncementRefused("A worker has it, and says itself how it ends.")
    return file


def _describe(file: TrackedFile, title: str, url: str, facts: dict[str, Any]) -> None:
    values = {"name": title[:255]} if title else {}
    if url:
        values["original_path"] = redact(url)[:500]
    if values:
        TrackedFile.objects.filter(pk=file.pk).update(**values)
    known = {name: value for name, value in facts.items() if value not in (None, "")}
    if known:
        FileFacts.objects.update_or_create(file=file, defaults=known)


def _tell(file: TrackedFile, state: str) -> None:
    record_event(company=file.company, topic="file", subject=file.pk, state=state)
