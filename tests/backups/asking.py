"""Asking for a backup by hand, and what of it lies in its storage."""

from pathlib import Path
from typing import Any

from access.models import User
from backups.models import Backup, Database
from backups.services import request_backup
from monitoring.files.models import TrackedFile
from storage.models import StorageTarget


def ask(database: Database, actor: User, **more: Any) -> Backup:
    values = {"options": {"tables": ["access_company"]}, "trigger": "manual", **more}
    return request_backup(database=database, actor=actor, **values)


def files_in(target: StorageTarget) -> list[Path]:
    folder = Path(target.options["folder"])
    return sorted(path for path in folder.rglob("*") if path.is_file())


def failed_for(backup: Backup, code: str) -> None:
    backup.refresh_from_db()
    assert (backup.status, backup.error_code) == ("failed", code), backup.error
    assert backup.error
    assert backup.completed_at is not None
    assert backup.file is not None
    assert backup.file.status == TrackedFile.Status.FAILED
    assert not backup.stored_objects.exists()
    assert backup.validation == Backup.Validation.UNCHECKED
