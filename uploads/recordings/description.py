"""A recording in the shape of the documented API."""

from typing import Any

from backups.description import iso
from uploads.models import Recording


def describe_recording(recording: Recording, *, base: str = "") -> dict[str, Any]:
    """`damage` is null for a whole one."""
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
    }
