"""Restores as a run would have left them, for what is shown of them."""

from dataclasses import asdict
from datetime import timedelta
from typing import Any

from django.db.models.functions import Now
from django.utils import timezone

from backups.engines import PreflightCheck
from backups.models import Backup
from monitoring.files.models import Stage, TrackedFile
from monitoring.files.services import open_file
from restores.models import Restore


def make_restore(backup: Backup, *, age: timedelta = timedelta(hours=1), **facts: Any) -> Restore:
    """A restore with its tracked file, as it stands in the queue."""
    values: dict[str, Any] = {
        "target_name": "shop_restored",
        "options": {"keep_owners": True, "analyze": True},
        "preflight": [asdict(PreflightCheck("version", "ok", "PostgreSQL 15 into 17."))],
        "created_at": timezone.now() - age,
        **facts,
    }
    file = open_file(
        kind="restore",
        company=backup.company,
        name=values["target_name"],
        original_path=backup.file_name,
        origin="stored",
    )
    return Restore.objects.create(
        company=backup.company, backup=backup, server=backup.database, file=file, **values
    )


def run_half(restore: Restore, percent: float = 40, key: str = "restore") -> None:
    Restore.objects.filter(pk=restore.pk).update(status="running", started_at=Now())
    rows = Stage.objects.filter(file=restore.file)
    total = 40 if key == "finalize" else 2_310_000_000
    before = ("receive", "validate", "restore", "finalize")
    rows.filter(key__in=before[: before.index(key)]).update(status="completed", progress=100)
    rows.filter(key=key).update(
        status="in_progress",
        started_at=Now(),
        progress=percent,
        bytes_done=int(total * percent / 100),
        bytes_total=total,
    )
    TrackedFile.objects.filter(restore=restore).update(status="processing", progress=percent * 0.6)


def end(restore: Restore, status: str, **facts: Any) -> None:
    Restore.objects.filter(pk=restore.pk).update(
        status=status, started_at=restore.created_at, completed_at=Now(), **facts
    )
    TrackedFile.objects.filter(restore=restore).update(status=status)
