"""A backup in the shape of the documented API (the backups contract)."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.utils import timezone

from backups.models import Backup, Check, Copy, Database, LevelResult
from backups.retention import described_retention
from monitoring.files.description import Steps
from monitoring.files.models import Stage
from monitoring.files.selectors import NO_STEPS, describe_stages, stage_in_progress

# What `describe_row` reads of a backup, as names for `values()`.
LISTED = (
    *("id", "database_id", "database__name", "name", "file_name", "label", "comment", "status"),
    *("created_at", "started_at", "completed_at", "created_by__username", "trigger", "options"),
    *("size_bytes", "source_bytes", "sha256", "compression", "encrypted", "server_version"),
    *("validation", "validation_level", "checked_at", "validation_detail"),
    *("error_code", "error", "pinned", "held"),
)


def describe(backup: Backup) -> dict[str, Any]:
    row = {name: getattr(backup, name) for name in LISTED if "__" not in name}
    row["database__name"] = backup.database.name
    row["created_by__username"] = backup.created_by.get_username() if backup.created_by else None
    copies = [
        {
            "storage": stored.target.name,
            "status": stored.state,
            "checked_at": iso(stored.checked_at),
        }
        for stored in backup.stored_objects.all()
    ]
    return describe_row(row, copies)


def describe_row(row: Mapping[str, Any], copies: list[dict[str, Any]]) -> dict[str, Any]:
    """The one place in which a backup gets its documented shape."""
    error = {"code": row["error_code"], "message": row["error"]} if row["error_code"] else None
    return {
        "id": str(row["id"]),
        "database": {"id": str(row["database_id"]), "name": row["database__name"]},
        "name": row["name"],
        "file_name": row["file_name"],
        "label": row["label"],
        "comment": row["comment"],
        "status": row["status"],
        "created_at": iso(row["created_at"]),
        "started_at": iso(row["started_at"]),
        "completed_at": iso(row["completed_at"]),
        "created_by": row["created_by__username"],
        "trigger": row["trigger"],
        "options": row["options"],
        "size_bytes": row["size_bytes"],
        "source_bytes": row["source_bytes"],
        "sha256": row["sha256"] or None,
        "compression": row["compression"] or None,
        "encrypted": row["encrypted"],
        "copies": copies,
        "server_version": row["server_version"] or None,
        "validation": {
            "status": row["validation"],
            "level": row["validation_level"] or None,
            "checked_at": iso(row["checked_at"]),
            "detail": row["validation_detail"] or None,
        },
        "error": error,
        "pinned": row["pinned"],
        "held": row["held"],
    }


def describe_database(database: Database) -> dict[str, Any]:
    """Without its password; whether there is one may be known."""
    return {
        "id": str(database.pk),
        "company": {"id": database.company_id, "name": database.company.name},
        "name": database.name,
        "engine": database.engine,
        "host": database.host,
        "port": database.port,
        "database_name": database.database_name,
        "username": database.username,
        "has_password": bool(database.password_sealed),
        "tls_mode": database.tls_mode,
        "drill_every": database.drill_every,
        "drill_days": database.drill_days,
        "promise_hours": database.promise_hours,
        "proof_days": database.proof_days,
        "retention": described_retention(database.retention),
        "cleanup_stopped": database.cleanup_stopped or None,
        "protected": database.protected,
        "expected_job": database.expected_job_id,
        "copy_storages": [
            {"id": str(target.pk), "name": target.name} for target in database.copy_storages.all()
        ],
        "created_at": iso(database.created_at),
    }


def describe_status(backup: Backup, steps: Steps = NO_STEPS) -> dict[str, Any]:
    """Progress in percent, sizes in bytes, the rate in bytes a second.

    `steps` by the stage's id; without them each stage has none.
    """
    file = backup.file
    stage = stage_in_progress(file) if file else None
    rate = rate_of(stage)
    return {
        "id": str(backup.pk),
        "status": backup.status,
        "progress": round(file.progress, 1) if file else (100.0 if backup.is_over else 0.0),
        "stages": describe_stages(file, steps) if file else [],
        "bytes_done": stage.bytes_done if stage else None,
        "bytes_total": stage.bytes_total if stage else None,
        "rate": round(rate) if rate else None,
        "eta_seconds": eta_of(stage, rate),
        "error": describe_error(backup),
    }


def describe_checks(backup: Backup) -> dict[str, Any]:
    """By level what was found last, with when and why; `check` is the newest that was asked for."""
    found = newest_results(backup)
    newest = backup.checks.order_by("-created_at").select_related("file").first()
    return {
        "id": str(backup.pk),
        "validation": describe_validation(backup),
        "levels": {
            level: _describe_result(found[level]) if level in found else None
            for level in LevelResult.Level.values
        },
        "check": describe_check(newest) if newest else None,
    }


def newest_results(backup: Backup) -> dict[str, LevelResult]:
    """What each level found last; levels that were never checked are not in it."""
    results = backup.level_results.order_by("level", "-checked_at", "-id").distinct("level")
    return {result.level: result for result in results}


def describe_check(check: Check) -> dict[str, Any]:
    """`file` is the id under which its course is shown and followed live."""
    return {
        "id": str(check.pk),
        "backup": str(check.backup_id),
        "level": check.level,
        "status": check.status,
        "progress": round(check.file.progress, 1) if check.file else None,
        "file": str(check.file_id) if check.file_id else None,
        "created_at": iso(check.created_at),
        "completed_at": iso(check.completed_at),
        "outcome": check.outcome or None,
        "detail": check.detail or None,
        "differences": check.differences,
        "missing": check.missing,
        "restore_seconds": check.restore_seconds,
        "server_version": check.server_version or None,
        "error": {"code": check.error_code, "message": check.error} if check.error_code else None,
    }


def describe_copy(copy: Copy) -> dict[str, Any]:
    """A try to bring a backup to a further storage. `file` as for a check."""
    return {
        "id": str(copy.pk),
        "backup": str(copy.backup_id),
        "storage": {"id": str(copy.target_id), "name": copy.target.name},
        "status": copy.status,
        "progress": round(copy.file.progress, 1) if copy.file else None,
        "file": str(copy.file_id) if copy.file_id else None,
        "created_at": iso(copy.created_at),
        "completed_at": iso(copy.completed_at),
        "tries": copy.tries,
        "retry_at": iso(copy.retry_at),
        "error": {"code": copy.error_code, "message": copy.error} if copy.error_code else None,
    }


def describe_validation(backup: Backup) -> dict[str, Any]:
    return {
        "status": backup.validation,
        "level": backup.validation_level or None,
        "checked_at": iso(backup.checked_at),
        "detail": backup.validation_detail or None,
    }


def _describe_result(result: LevelResult) -> dict[str, Any]:
    return {
        "passed": result.passed,
        "checked_at": iso(result.checked_at),
        "detail": result.detail or None,
    }


def describe_error(backup: Backup) -> dict[str, Any] | None:
    if not backup.error_code:
        return None
    return {"code": backup.error_code, "message": backup.error}


def iso(moment: datetime | None) -> str | None:
    return moment.isoformat().replace("+00:00", "Z") if moment else None


def rate_of(stage: Stage | None) -> float | None:
    if stage is None or stage.started_at is None or not stage.bytes_done:
        return None
    seconds = (timezone.now() - stage.started_at).total_seconds()
    return stage.bytes_done / seconds if seconds > 0 else None


def eta_of(stage: Stage | None, rate: float | None) -> int | None:
    if stage is None or not rate or not stage.bytes_total:
        return None
    return max(0, round((stage.bytes_total - stage.bytes_done) / rate))
