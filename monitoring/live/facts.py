"""What is shown of a file besides its course: picture, length, quality, and what came out."""

import uuid
from collections.abc import Collection
from dataclasses import dataclass

from monitoring.files.models import FileFacts


@dataclass(frozen=True)
class Facts:
    """`thumbnail`: a path on our own host. `duration` of the recording in whole seconds, 0 when
    there is none; `file_size` in bytes; `file_path` is a storage key."""

    thumbnail: str = ""
    duration: int = 0
    quality: str = ""
    file_path: str | None = None
    file_size: int | None = None
    format: str | None = None


NO_FACTS = Facts()
_FIELDS = ("thumbnail", "duration", "quality", "file_path", "file_size", "format")


def facts_of(file_ids: Collection[uuid.UUID]) -> dict[uuid.UUID, Facts]:
    """In one question; who has none is left out."""
    if not file_ids:
        return {}
    rows = FileFacts.objects.filter(file_id__in=list(file_ids)).values("file_id", *_FIELDS)
    return {
        row.pop("file_id"): Facts(
            **{**row, "file_path": row["file_path"] or None, "format": row["format"] or None}
        )
        for row in rows
    }
