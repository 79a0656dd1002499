"""The rows of ended work go after their days; what a page or a backup needs stays."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from access.models import User
from access.policy import System
from backups.models import Backup, Check, Copy, Database, DueTime
from backups.schedules import create_schedule
from backups.upkeep.ended import forget_ended_tracks
from monitoring.files.ended import forget_ended_files
from monitoring.files.models import TrackedFile
from storage.models import StorageTarget, StoredObject
from tests.cast import Login, make_backup

pytestmark = [pytest.mark.django_db, pytest.mark.xdist_group("copying")]

DAY = timedelta(days=1)


def days_ago(days: float) -> Any:
    return timezone.now() - DAY * days


def test_due_times(database: Database) -> None:
    schedule = create_schedule(
        database=database, actor=System("test"), name="nightly", interval_minutes=60
    )
    for days in (200, 150, 100, 10):
        row = DueTime.objects.create(schedule=schedule, due_at=days_ago(days), state="queued")
        DueTime.objects.filter(pk=row.pk).update(created_at=days_ago(days))
    at_work = DueTime.objects.get(due_at__lt=days_ago(180))
    backup = make_backup(database, due_time=at_work, status="running")
    assert forget_ended_tracks() == 2
    Backup.objects.filter(pk=backup.pk).update(status="completed")
    assert forget_ended_tracks() == 1
    backup.refresh_from_db()
    assert backup.due_time is None
    assert DueTime.objects.count() == 1
    DueTime.objects.update(due_at=days_ago(500), created_at=days_ago(500))
    assert forget_ended_tracks() == 0, "the newest stays"


def test_copies_and_rechecks(database: Database, storage_target: StorageTarget) -> None:
    backup = make_backup(database)
    stored = StoredObject.objects.create(
        company=database.company, target=storage_target, key="k", size=1, sha256=""
    )
    facts = {"company": database.company, "backup": backup}
    for status in ("failed", "completed"):
        Copy.objects.create(
            **facts, target=storage_target, status=status, completed_at=days_ago(100)
        )
    for days in (150, 120, 100):
        check = Check.objects.create(
            **facts,
            stored=stored,
            level="checksum",
            status="completed",
            completed_at=days_ago(days),
        )
        Check.objects.filter(pk=check.pk).update(created_at=days_ago(days))
    asked = Check.objects.create(
        **facts, level="restore", status="completed", completed_at=days_ago(900)
    )
    assert forget_ended_tracks() == 3
    assert Copy.objects.get().status == "completed"
    assert Check.objects.count() == 2
    assert Check.objects.filter(pk=asked.pk).exists()


def test_a_backup_does_without_its_track(database: Database, login: Login, operator: User) -> None:
    backup = make_backup(database)
    TrackedFile.objects.update(status="completed", completed_at=days_ago(100))
    assert forget_ended_files() == 1
    backup.refresh_from_db()
    assert backup.file is None
    page = login(operator).get(f"/dashboard/backup/{backup.pk}")
    assert "not kept any more" in page.content.decode()
    assert login(operator).get(f"/api/backup/status/{backup.pk}").json()["progress"] == 100
