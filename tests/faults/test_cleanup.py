"""A cleanup killed at each of its points: the next tick ends it, and only what was named goes."""

import signal

import pytest

from access.models import User
from access.policy import System
from backups.consistency import find_disagreements
from backups.models import Backup, BackupSchedule, Cleanup, Database
from backups.retention.preview import preview_cleanup
from backups.schedules import create_schedule
from backups.services import request_backup
from config.tick import run_once
from storage.models import StorageTarget
from tests.faults.points import IN_A_CLEANUP, every
from tests.faults.worker import TICK, Process, files_in
from tests.running import run_here

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.xdist_group("faults")]


@pytest.fixture
def expired(database: Database, operator: User) -> list[Backup]:
    """Three, of which the newest stays."""
    schedule: BackupSchedule = create_schedule(
        database=database,
        actor=System("test"),
        name="nightly",
        cron="0 0 29 2 *",
        retention={"last": 1},
    )
    made = []
    for _ in range(3):
        options = {"tables": ["access_company"]}
        backup = request_backup(
            database=database, options=options, actor=operator, trigger="manual", schedule=schedule
        )
        run_here(backup_id=backup.pk)
        made.append(backup)
    return made


def test_there_are_points() -> None:
    assert len(IN_A_CLEANUP) == 5


@pytest.mark.exhaustive
@pytest.mark.parametrize("point", every(IN_A_CLEANUP, "retention.before-commit"))
def test_killed_at_a_point_of_a_cleanup(
    expired: list[Backup], database: Database, storage_target: StorageTarget, point: str
) -> None:
    named = {one.pk for one in preview_cleanup(database=database).going}
    files = len(files_in(storage_target))
    process = Process(TICK, fault=point)
    assert process.wait() == -signal.SIGKILL, process.said
    run_once()
    run_once()
    gone = set(Backup.every.filter(purged_at__isnull=False).values_list("pk", flat=True))
    assert gone == named
    assert gone == {one.pk for one in expired[:2]}
    assert len(files_in(storage_target)) == files - 4
    assert not Cleanup.objects.filter(ended_at=None).exists()
    assert find_disagreements() == []
