"""After the records: what the storages have that the records do not know."""

from collections.abc import Iterator
from pathlib import Path

from backups.rescan.findings import Report
from backups.rescan.services import rescan
from config.recovering.settling import ACTOR
from storage.errors import StorageError
from storage.models import StorageTarget


def rescan_all() -> Iterator[tuple[str, Report | StorageError]]:
    """Each storage that is here, with what its rescan found, or why it could not be made."""
    for target in StorageTarget.objects.select_related("company"):
        folder = target.options.get("folder")
        if target.kind == StorageTarget.Kind.LOCAL and not Path(folder or "/nonexistent").is_dir():
            continue
        try:
            yield target.name, rescan(target=target, actor=ACTOR, dry_run=False)
        except StorageError as error:
            yield target.name, error
