"""Tracked files as their courses would have left them, one or ten thousand at once."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any

from django.db import connection

from access.models import Company
from monitoring.files.models import LogLine, Stage, Step, TrackedFile
from monitoring.files.stages import STAGES

LONG_AGO = datetime(2026, 1, 1, 12, tzinfo=UTC)


def make_file(company: Company, **facts: Any) -> TrackedFile:
    """One file; a kind of `backup` and a status of `queued` unless told otherwise."""
    [file] = make_files(company, [facts])
    return file


def make_files(company: Company, each: Iterable[dict[str, Any]]) -> list[TrackedFile]:
    """Files made a minute apart, in this order, with their standard stages."""
    files = []
    for minutes, facts in enumerate(each):
        created = LONG_AGO + timedelta(minutes=minutes)
        values: dict[str, Any] = {
            "kind": "backup",
            "name": f"file-{minutes}",
            "original_path": "postgresql://db/orders",
            "origin": "database",
            "created_at": created,
            "status": "queued",
            **facts,
        }
        if values["status"] != "queued":
            values.setdefault("started_at", created + timedelta(seconds=1))
        if values["status"] in ("completed", "failed"):
            values.setdefault("completed_at", created + timedelta(seconds=30))
        files.append(TrackedFile(company=company, **values))
    TrackedFile.objects.bulk_create(files, batch_size=1000)
    _add_stages(files)
    return files


def _add_stages(files: list[TrackedFile]) -> None:
    """Their standard stages, in one statement: objects for 48,000 rows would take half a minute."""
    standard = [
        (kind, stage.key, position)
        for kind, stages in STAGES.items()
        for position, stage in enumerate(stages)
    ]
    kinds, keys, positions = (list(column) for column in zip(*standard, strict=True))
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO monitoring_stage (file_id, key, position, status, progress, bytes_done)"
            " SELECT file.id, stage.key, stage.position, 'pending', 0, 0"
            " FROM monitoring_trackedfile file"
            " JOIN unnest(%s::text[], %s::text[], %s::int[]) AS stage (kind, key, position)"
            " USING (kind) WHERE file.id = ANY(%s)",
            [kinds, keys, positions, [file.pk for file in files]],
        )


def add_steps(stage: Stage, count: int, **facts: Any) -> None:
    values = {"status": "completed", **facts}
    Step.objects.bulk_create(
        Step(stage=stage, message=f"step {number}", **values) for number in range(count)
    )


def add_lines(file: TrackedFile, count: int) -> None:
    LogLine.objects.bulk_create(
        LogLine(file=file, message=f"line {number}", source="pg_dump") for number in range(count)
    )
