"""A restore in the shape of the documented API (the restores contract)."""

from typing import Any

from backups.description import iso
from monitoring.files.selectors import NO_STEPS, describe_stages, stage_in_progress
from restores.models import Restore
from restores.options import describe_options
from restores.received.models import ReceivedFile


def describe(restore: Restore) -> dict[str, Any]:
    person = restore.created_by
    return {
        "id": str(restore.pk),
        "source": _source(restore),
        "target": {
            "server": str(restore.server_id),
            "server_name": restore.server.name,
            "database": restore.target_name,
            "mode": restore.mode,
        },
        "options": describe_options(restore.options),
        "status": restore.status,
        "progress": round(restore.file.progress, 1) if restore.file else None,
        "file": str(restore.file_id) if restore.file_id else None,
        "stages": describe_stages(restore.file, NO_STEPS) if restore.file else [],
        "preflight": restore.preflight,
        "created_by": person.get_username() if person else None,
        "approved_by": restore.approved_by.get_username() if restore.approved_by else None,
        "created_at": iso(restore.created_at),
        "started_at": iso(restore.started_at),
        "completed_at": iso(restore.completed_at),
        "old_database": _kept(restore),
        "safety_backup": _safety(restore),
        "result": _result(restore),
        "error": _error(restore),
    }


def describe_status(restore: Restore) -> dict[str, Any]:
    """Sizes in bytes."""
    stage = stage_in_progress(restore.file) if restore.file else None
    found = describe(restore)
    return {
        **{name: found[name] for name in ("id", "status", "progress", "stages", "error")},
        "bytes_done": stage.bytes_done if stage else None,
        "bytes_total": stage.bytes_total if stage else None,
    }


def _source(restore: Restore) -> dict[str, Any]:
    found: dict[str, Any] = {"file_name": restore.source_name}
    if restore.received is None:
        return {"backup": str(restore.backup_id), **found}
    if restore.received.origin == ReceivedFile.Origin.PATH:
        found["path"] = restore.received.path
    else:
        found["upload"] = str(restore.received_id)
    return {**found, "contents": restore.received.contents}


def _result(restore: Restore) -> dict[str, Any] | None:
    ended_well = restore.status in (Restore.Status.COMPLETED, Restore.Status.UNDONE)
    if not ended_well and not restore.differences:
        return None
    return {
        "tables": restore.tables,
        "rows": restore.rows,
        "differences": restore.differences,
        # Nothing says what a file from elsewhere should hold: its rows were counted.
        "compared": restore.received_id is None,
        "counts": restore.counted,
        "registered": str(restore.registered_id) if restore.registered_id else None,
    }


def _kept(restore: Restore) -> dict[str, Any] | None:
    """What can be brought back or dropped; after an undo it is what had been restored."""
    if restore.kept_id is None:
        return None
    return {
        "name": restore.kept_name,
        "until": iso(restore.kept_until),
        "errand": restore.errand or None,
        "errand_error": restore.errand_error or None,
    }


def _safety(restore: Restore) -> dict[str, Any] | None:
    safety = restore.safety
    if safety is None:
        return None
    return {"id": str(safety.pk), "status": safety.status, "validation": safety.validation}


def _error(restore: Restore) -> dict[str, Any] | None:
    if not restore.error_code:
        return None
    return {"code": restore.error_code, "message": restore.error}
