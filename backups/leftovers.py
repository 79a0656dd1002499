"""What a run without success has stored goes away again: the manifest first, then the bytes."""

import structlog
from django.db import Error as DatabaseError

from backups import manifest
from backups.models import Backup
from backups.naming import EXTENSIONS, artifact_key
from faults import reach
from storage.errors import StorageError
from storage.services import delete_bytes

log = structlog.get_logger(__name__)


def remove_leftovers(*, backup: Backup, attempt: int) -> None:
    """What an attempt without success has left under its keys. Raises StorageError.

    Nothing goes that a row speaks of: the answer to a COMMIT may have been lost, not the COMMIT.
    """
    for ending in EXTENSIONS:
        key = f"{artifact_key(backup, attempt)}.{ending}"
        if not backup.stored_objects.filter(key=key).exists():
            _delete(backup, key)


def remove_unregistered(backup: Backup, key: str) -> None:
    """When the answer to COMMIT was lost, only the database knows whether the backup counts.

    While it cannot be asked the bytes stay; the file's debt of leftovers takes them away.
    """
    try:
        if not backup.stored_objects.filter(key=key).exists():
            _delete(backup, key)
    except (DatabaseError, StorageError) as error:
        log.warning("leftover", key=key, error=str(error))


def _delete(backup: Backup, key: str) -> None:
    """The manifest goes first: bytes without one are no backup."""
    delete_bytes(target=backup.storage, key=key + manifest.SUFFIX)
    reach("leftovers.manifest-gone")
    delete_bytes(target=backup.storage, key=key)
