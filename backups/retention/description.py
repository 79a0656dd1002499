"""Previews and cleanups in the shape of the documented API."""

from typing import Any

from backups.description import iso
from backups.models import Cleanup, Database
from backups.retention.preview import Preview


def describe_preview(preview: Preview) -> dict[str, Any]:
    """`stopped`: why an automatic cleanup removes nothing until a person confirms."""
    database = preview.database
    stopped = preview.stop or database.cleanup_stopped
    return {
        "database": {"id": str(database.pk), "name": database.name},
        "at": iso(preview.at),
        "stopped": str(stopped) if stopped else None,
        "goes": [_row(row) for row in preview.rows if row.goes],
        "stays": [_row(row) for row in preview.rows if not row.goes],
    }


def describe_cleanup(database: Database, cleanup: Cleanup | None) -> dict[str, Any]:
    return {
        "database": {"id": str(database.pk), "name": database.name},
        "stopped": database.cleanup_stopped or None,
        "planned": cleanup.planned if cleanup else [],
        "removed": cleanup.removed if cleanup else [],
    }


def _row(row: Any) -> dict[str, Any]:
    backup = row.backup
    return {
        "id": str(backup.pk),
        "file_name": backup.file_name,
        "completed_at": iso(backup.completed_at),
        "size_bytes": backup.size_bytes,
        "validation": backup.validation,
        "schedule": backup.schedule.name if backup.schedule else None,
        "locked_until": iso(getattr(backup, "locked_until", None)),
        "why": [str(reason) for reason in row.verdict.stays],
    }
