"""The state of tracked files as live readers see it, read for many files in one query."""

import uuid
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db import connection

from monitoring.events.selectors import Cursor
from monitoring.files.models import TrackedFile
from monitoring.live.results import Result, result_of


@dataclass(frozen=True)
class FileState:
    """Equal states need no second message: what only the clock changes is not compared.

    `progress` in percent of the whole; bytes are those of the stage at work; `rate` in bytes a
    second. `cursor` is the file's newest event, None when none is kept.
    """

    file_id: uuid.UUID
    kind: str
    status: str
    progress: float
    title: str
    url: str
    stage: str | None
    bytes_done: int | None
    bytes_total: int | None
    error: str
    result: Result
    thumbnail: str
    cursor: Cursor | None
    rate: float | None = field(compare=False)
    eta_seconds: int | None = field(compare=False)
    read_at: datetime = field(compare=False)

    @property
    def is_final(self) -> bool:
        return self.status in (TrackedFile.Status.COMPLETED, TrackedFile.Status.FAILED)


# Written out: it is asked up to ten times a second, and making it anew cost more than asking it.
_READ = """
    SELECT file.id AS pk, file.kind, file.status, file.progress, file.name, file.original_path,
           file.error, stage.key AS stage, stage.bytes_done AS stage_bytes,
           stage.bytes_total AS stage_total, stage.started_at AS stage_since, event.newest,
           statement_timestamp() AS read_at, facts.thumbnail, facts.file_path, facts.file_size,
           facts.format
    FROM monitoring_trackedfile AS file
    LEFT JOIN LATERAL (
        SELECT key, bytes_done, bytes_total, started_at FROM monitoring_stage
        WHERE file_id = file.id AND status = 'in_progress' ORDER BY position LIMIT 1
    ) AS stage ON true
    LEFT JOIN LATERAL (
        SELECT xid::text || '-' || id AS newest FROM monitoring_event
        WHERE subject = file.id ORDER BY id DESC LIMIT 1
    ) AS event ON true
    LEFT JOIN monitoring_filefacts AS facts ON facts.file_id = file.id
    WHERE file.id = ANY(%s)
"""


def read_files(file_ids: Iterable[uuid.UUID]) -> dict[uuid.UUID, FileState]:
    """What there is of these; who may see it is not asked here (`monitoring.live.access`)."""
    with connection.cursor() as cursor:
        cursor.execute(_READ, [list(file_ids)])
        names = [column.name for column in cursor.description or ()]
        rows = [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
    return {row["pk"]: _state(facts=_facts(row), **row) for row in rows}


def _facts(row: dict[str, Any]) -> dict[str, Any]:
    """What the joined row of facts has, out of a file's row."""
    return {name: row.pop(name) for name in ("thumbnail", "file_path", "file_size", "format")}


def _state(
    *,
    pk: uuid.UUID,
    kind: str,
    status: str,
    progress: float,
    name: str,
    original_path: str,
    error: str,
    stage: str | None,
    stage_bytes: int | None,
    stage_total: int | None,
    stage_since: datetime | None,
    newest: str | None,
    read_at: datetime,
    facts: dict[str, Any],
) -> FileState:
    rate = eta = None
    if stage_since is not None and stage_bytes:
        seconds = (read_at - stage_since).total_seconds()
        rate = round(stage_bytes / seconds) if seconds > 0 else None
    if rate and stage_total:
        eta = max(0, round((stage_total - (stage_bytes or 0)) / rate))
    completed = status == TrackedFile.Status.COMPLETED
    return FileState(
        file_id=pk,
        kind=kind,
        status=status,
        progress=round(progress, 1),
        title=name,
        url=original_path,
        stage=stage,
        bytes_done=stage_bytes,
        bytes_total=stage_total,
        error=error,
        result=_result(kind, pk, facts) if completed else Result(),
        thumbnail=facts["thumbnail"] or "",
        cursor=Cursor.parse(newest) if newest else None,
        rate=rate,
        eta_seconds=eta,
        read_at=read_at,
    )


def _result(kind: str, pk: uuid.UUID, facts: dict[str, Any]) -> Result:
    """What the app of this kind says, or else what was noted with the file."""
    found = result_of(kind, pk)
    if found != Result():
        return found
    return Result(facts["file_path"] or None, facts["file_size"], facts["format"] or None)
