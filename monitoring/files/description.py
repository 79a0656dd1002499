"""A tracked file, its stages, steps and log lines in the shape of the documented API.

Rows go in, contract objects come out; nothing here asks the database.
"""

import re
import uuid
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from monitoring.files.models import Stage, TrackedFile
from monitoring.files.stages import Origin, standard_stage

# What `sourceType` may say; every other origin came in as an upload does.
_SOURCES = {
    Origin.DATABASE: "local",
    Origin.STORED: "local",
    Origin.LOCAL: "local",
    Origin.GOOGLE_DRIVE: "google_drive",
}
MOST_BEFORE_THE_END = 99.9


class FileRow(NamedTuple):
    id: uuid.UUID
    kind: str
    name: str
    original_path: str
    origin: str
    status: str
    progress: float
    error: str
    cancelled_by: str
    created_at: datetime
    started_at: datetime | None
    completed_at: datetime | None


class StageRow(NamedTuple):
    id: int
    file_id: uuid.UUID
    key: str
    status: str
    progress: float
    started_at: datetime | None
    ended_at: datetime | None


class StepRow(NamedTuple):
    """`duration` in seconds."""

    id: int
    stage_id: int
    at: datetime
    status: str
    message: str
    details: str
    duration: float | None


class LineRow(NamedTuple):
    id: int
    at: datetime
    level: str
    source: str
    message: str


Steps = Mapping[int, Sequence[StepRow]]


def describe_file(file: FileRow, stages: Sequence[StageRow], steps: Steps) -> dict[str, Any]:
    """The FILE object. `stages` are the file's, in order; `steps` by the stage's id."""
    at_work = file.status == TrackedFile.Status.PROCESSING
    current = [stage.key for stage in stages if stage.status == Stage.Status.IN_PROGRESS]
    return {
        "fileId": str(file.id),
        "fileName": base_name(file.name),
        "originalPath": file.original_path,
        "sourceType": _SOURCES.get(Origin(file.origin), "upload"),
        "origin": file.origin,
        "kind": file.kind,
        "status": file.status,
        "createdAt": iso(file.created_at),
        "startedAt": iso(file.started_at),
        "completedAt": iso(file.completed_at),
        "stages": [describe_stage(file.kind, stage, steps.get(stage.id, ())) for stage in stages],
        "overallProgress": _overall(file),
        "currentStage": current[0] if at_work and current else None,
        "error": _error(file),
    }


def describe_stage(kind: str, stage: StageRow, steps: Sequence[StepRow]) -> dict[str, Any]:
    standard = standard_stage(kind, stage.key)
    return {
        "id": stage.key,
        "name": str(standard.name),
        "description": str(standard.description),
        "status": stage.status,
        "startTime": iso(stage.started_at),
        "endTime": iso(stage.ended_at),
        "steps": [_step(step) for step in steps],
        "progress": round(stage.progress, 1),
    }


def describe_line(line: LineRow) -> dict[str, Any]:
    """The line's id is ours: `logs_before` takes it, to page back."""
    return {
        "id": str(line.id),
        "timestamp": iso(line.at),
        "level": line.level,
        "message": line.message,
        "source": line.source,
    }


def base_name(name: str) -> str:
    """The last part of a path of either system."""
    return re.split(r"[\\/]", name.rstrip("\\/"))[-1]


def iso(moment: datetime | None) -> str | None:
    return moment.isoformat().replace("+00:00", "Z") if moment else None


def _step(step: StepRow) -> dict[str, Any]:
    return {
        "id": str(step.id),
        "timestamp": iso(step.at),
        "status": step.status,
        "message": step.message,
        "details": step.details or None,
        "duration": None if step.duration is None else round(step.duration, 3),
    }


def _overall(file: FileRow) -> float:
    if file.status == TrackedFile.Status.COMPLETED:
        return 100.0
    return min(round(file.progress, 1), MOST_BEFORE_THE_END)


def _error(file: FileRow) -> str | None:
    if file.error:
        return file.error
    was_cancelled = file.status == TrackedFile.Status.FAILED and file.cancelled_by
    return f"cancelled by {file.cancelled_by}" if was_cancelled else None
