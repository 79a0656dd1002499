"""Deletions that die, in the request and in the tick: the next tick finishes them."""

import signal

import pytest

from access.models import User
from backups.consistency import find_disagreements
from backups.models import Backup, Database
from backups.services import request_backup
from config.tick import run_once
from storage.models import StorageTarget
from tests.faults.points import IN_A_DELETION, one_always
from tests.faults.worker import TICK, Process, files_in
from tests.running import run_here

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.xdist_group("faults")]

DELETION = """
import sys, django
django.setup()
from access.policy import System
from backups.deletion import delete_backup
from backups.models import Backup
delete_backup(backup=Backup.objects.get(pk=sys.argv[1]), actor=System("cli"))
"""


@pytest.fixture
def two(database: Database, operator: User) -> list[Backup]:
    """Two real ones; the newer one stays."""
    made = []
    for _ in range(2):
        options = {"tables": ["access_company"]}
        backup = request_backup(
            database=database, options=options, actor=operator, trigger="manual"
        )
        run_here(backup_id=backup.pk)
        made.append(backup)
    return made


def test_there_are_points() -> None:
    assert IN_A_DELETION == ["delete.marked", "delete.manifest-gone", "delete.bytes-gone"]


@pytest.mark.parametrize("point", one_always(IN_A_DELETION, "delete.manifest-gone"))
def test_killed_at_a_point_of_a_deletion(
    two: list[Backup], storage_target: StorageTarget, point: str
) -> None:
    old, new = two
    before = len(files_in(storage_target))
    process = Process(DELETION, str(old.pk), fault=point)
    assert process.wait() == -signal.SIGKILL, process.said
    assert not Backup.objects.filter(pk=old.pk).exists()
    assert Backup.every.get(pk=old.pk).purged_at is None
    if point != "delete.marked":
        # The tick dies at the same place, and leaves no less to the next one.
        tick = Process(TICK, fault=point)
        assert tick.wait() == -signal.SIGKILL, tick.said
    run_once()
    assert Backup.every.get(pk=old.pk).purged_at is not None
    assert len(files_in(storage_target)) == before - 2
    assert find_disagreements() == []
    assert Backup.objects.get().pk == new.pk
