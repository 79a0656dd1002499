"""What live readers are told of a completed backup: its storage key, size and form."""

import uuid

from backups.models import Backup
from backups.naming import EXTENSIONS
from monitoring.live.results import Result


def stored_result(file_id: uuid.UUID) -> Result:
    row = (
        Backup.objects.filter(file=file_id)
        .order_by("stored_objects__stored_at")
        .values_list("stored_objects__key", "size_bytes")
        .first()
    )
    if row is None:
        return Result()
    key, size = row
    form = next((each for each in EXTENSIONS if key and key.endswith(f".{each}")), None)
    return Result(file_path=key, file_size=size, format=form)
