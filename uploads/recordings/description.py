"""A recording in the shape of the documented API."""

from typing import Any

from backups.description import iso
from uploads.models import Recording
from uploads.recordings.retention import Preview


def describe_recording(recording: Recording, *, base: str = "") -> dict[str, Any]:
    """`damage` is null for a whole one; `expires_at` for one that stays."""
    here = f"{base}/api/recordings/{recording.pk}"
    return {
        "file_id": str(recording.pk),
        "session_id": recording.session.public_id,
        "client_session_id": recording.session.client_id or None,
        "file_name": recording.file_name,
        "file_size": recording.size,
        "sha256": recording.sha256,
        "content_type": recording.content_type,
        "duration": recording.duration,
        "width": recording.width,
        "height": recording.height,
        "damage": recording.damage or None,
        "connection_info": recording.connection_info,
        "metadata": recording.metadata,
        "thumbnail_url": f"{here}/thumbnail" if recording.has_thumbnail else None,
        "created_at": iso(recording.created_at),
        "expires_at": iso(getattr(recording, "expires_at", None)),
    }


def describe_preview(preview: Preview, stopped: str) -> dict[str, Any]:
    """`goes` has the first of them; `count` and `bytes` are of all. `days` is null where nothing
    expires, `own_days` where the installation's are used."""
    return {
        "company": {"id": preview.company.pk, "name": preview.company.name},
        "days": preview.days or None,
        "own_days": preview.own_days,
        "at": iso(preview.at),
        "before": iso(preview.before) if preview.days else None,
        "stopped": str(preview.stop or stopped) or None,
        "count": preview.count,
        "bytes": preview.bytes,
        "goes": [
            {
                "file_id": str(one.pk),
                "file_name": one.file_name,
                "file_size": one.size,
                "created_at": iso(one.created_at),
            }
            for one in preview.first
        ],
    }
