"""Upkeep that dies at each point: the next tick goes on, and nothing is lost or doubled."""

import signal
from datetime import timedelta

import pytest
from django.utils import timezone

from access.models import AuditEntry, User
from backups.copying.requesting import request_copy
from backups.models import Backup, Check
from backups.upkeep import orphans
from config.tick import run_once
from monitoring.files.models import LogLine, Stage, TrackedFile
from storage.models import Orphan, StorageTarget, StoredObject
from tests.backups.copying.conftest import backup, copy_here, second
from tests.backups.upkeep.test_orphans import KEY, let_pass, put, walk
from tests.faults.points import IN_UPKEEP, every
from tests.faults.worker import TICK, Process, files_in

__all__ = ["backup", "second"]

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.xdist_group("faults")]

OF_ORPHANS = [point for point in IN_UPKEEP if point.startswith("orphan.")]
OF_TRACKS = [point for point in IN_UPKEEP if point.startswith("ended.")]


def dies_in_the_tick(point: str) -> None:
    tick = Process(TICK, fault=point)
    assert tick.wait() == -signal.SIGKILL, tick.said


def walk_again() -> None:
    """As after hours: this process may have walked for another test."""
    orphans._walking.clear()
    orphans._ended.clear()
    run_once()


def test_there_are_points() -> None:
    assert OF_ORPHANS == ["orphan.kept", "orphan.marked", "orphan.bytes-gone"]
    assert OF_TRACKS == ["ended.emptied", "ended.before-commit"]
    assert set(IN_UPKEEP) == {*OF_ORPHANS, *OF_TRACKS, "recheck.before-commit"}


@pytest.mark.exhaustive
@pytest.mark.parametrize("point", every(OF_ORPHANS, "orphan.bytes-gone"))
def test_killed_while_an_orphan_goes(
    backup: Backup, storage_target: StorageTarget, point: str
) -> None:
    path = put(storage_target, KEY)
    walk(storage_target)
    let_pass(30)
    dies_in_the_tick(point)
    # It is named as removed before it is, or it is still there.
    assert path.exists() or AuditEntry.objects.filter(action="orphan.removed").exists()
    walk_again()
    assert not path.exists()
    assert not Orphan.objects.exists()
    assert AuditEntry.objects.filter(action="orphan.removed").count() == 1
    assert len(files_in(storage_target)) == 2, "the backup and its manifest"


@pytest.mark.exhaustive
def test_named_between_the_mark_and_the_removal(
    backup: Backup, storage_target: StorageTarget
) -> None:
    path = put(storage_target, KEY)
    walk(storage_target)
    let_pass(30)
    dies_in_the_tick("orphan.marked")
    put(storage_target, f"{KEY}.manifest.json", "{}")
    walk_again()
    assert path.exists()
    assert not Orphan.objects.exists()


@pytest.mark.exhaustive
def test_killed_while_a_recheck_is_asked_for(
    backup: Backup, second: StorageTarget, operator: User
) -> None:
    copy_here(request_copy(backup=backup, target=second, actor=operator))
    StoredObject.objects.update(checked_at=timezone.now() - timedelta(days=40))
    dies_in_the_tick("recheck.before-commit")
    assert not Check.objects.exists()
    tick = Process(TICK)
    assert tick.wait() == 0, tick.said
    tick = Process(TICK)
    assert tick.wait() == 0, tick.said
    assert Check.objects.filter(stored__isnull=False).count() == 1


@pytest.mark.exhaustive
@pytest.mark.parametrize("point", OF_TRACKS)
def test_killed_while_tracks_go(backup: Backup, point: str) -> None:
    TrackedFile.objects.update(completed_at=timezone.now() - timedelta(days=100))
    dies_in_the_tick(point)
    assert TrackedFile.objects.count() == 1
    run_once()
    backup.refresh_from_db()
    assert (backup.file, backup.status) == (None, "completed")
    assert not (LogLine.objects.exists() or Stage.objects.exists())
