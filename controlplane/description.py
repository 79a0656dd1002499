"""A set, and how Holdfast itself stands, in the shape of the documented API."""

from typing import Any

from backups.description import iso
from controlplane.models import ControlSet
from controlplane.selectors import Standing


def describe_set(row: ControlSet) -> dict[str, Any]:
    error = {"code": row.error_code, "message": row.error} if row.error_code else None
    return {
        "id": str(row.pk),
        "storage": {"id": str(row.target_id), "name": row.target.name},
        "status": row.status,
        "created_at": iso(row.created_at),
        "completed_at": iso(row.completed_at),
        "key": row.key or None,
        "size_bytes": row.size_bytes,
        "error": error,
    }


def describe_standing(found: Standing) -> dict[str, Any]:
    return {
        "newest": str(found.newest.pk) if found.newest else None,
        "age_seconds": round(found.age.total_seconds()) if found.age is not None else None,
        "stale": found.is_stale,
        "warnings": found.warnings,
    }
