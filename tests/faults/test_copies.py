"""Copies that die at each point: the next attempt makes them, and nothing half-made stays."""

import signal
from pathlib import Path

import pytest
from django.db import transaction
from django.db.models.functions import Now

from access.models import User
from backups.consistency import find_disagreements
from backups.copying.requesting import cancel_copy, request_copy
from backups.models import Backup, Copy
from config.tick import run_once
from monitoring.files.endings import cancel_file
from storage.models import StorageTarget
from tests.backups.copying.conftest import backup, second
from tests.config.waiting import wait_for
from tests.faults.points import IN_A_COPY, one_always
from tests.faults.test_every_point import end_leases
from tests.faults.worker import COPY_WORKER, TICK, Process, files_in

__all__ = ["backup", "second"]

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.xdist_group("faults")]

IN_THE_TICK = {"copying.leftover-manifest-gone", "copying.retry-before-commit"}
IN_THE_RUN = [point for point in IN_A_COPY if point not in IN_THE_TICK]


def run(copy: Copy, fault: str = "") -> Process:
    process = Process(COPY_WORKER, str(copy.pk), fault=fault)
    process.wait()
    return process


def status_of(copy: Copy) -> str:
    copy.refresh_from_db()
    return copy.status


def test_there_are_points() -> None:
    assert len(IN_A_COPY) >= 9
    assert set(IN_A_COPY) >= IN_THE_TICK


@pytest.mark.parametrize("point", one_always(IN_THE_RUN, "copying.manifest-stored"))
def test_killed_at_a_point_of_a_copy(
    backup: Backup, second: StorageTarget, operator: User, point: str
) -> None:
    copy = request_copy(backup=backup, target=second, actor=operator)
    # The supervisor dies with its runner: nobody is there who could clean up at once.
    process = run(copy, fault=f"{point},supervisor.settling")
    assert process.wait() == -signal.SIGKILL, process.said
    if point == "copying.manifest-stored":
        tick = dying_tick("copying.leftover-manifest-gone")
        assert tick.wait() == -signal.SIGKILL, tick.said
    end_leases()
    run_once()
    if status_of(copy) == "pending":
        assert files_in(second) == []
        assert run(copy).wait() == 0
    assert status_of(copy) == "completed", copy.error
    run_once()
    assert len(files_in(second)) == 2
    assert backup.stored_objects.count() == 2
    assert find_disagreements() == []


def dying_tick(point: str) -> Process:
    end_leases()
    return Process(TICK, fault=point)


@pytest.mark.exhaustive
def test_killed_in_a_retry(backup: Backup, second: StorageTarget, operator: User) -> None:
    copy = request_copy(backup=backup, target=second, actor=operator)
    assert copy.file is not None
    with transaction.atomic():
        cancel_file(file=copy.file, by="the test")
    Copy.objects.filter(pk=copy.pk).update(status="failed", retry_at=Now())
    tick = Process(TICK, fault="copying.retry-before-commit")
    assert tick.wait() == -signal.SIGKILL, tick.said
    assert Copy.objects.count() == 1
    run_once()
    run_once()
    assert list(Copy.objects.order_by("tries").values_list("tries", "status")) == [
        (1, "failed"),
        (2, "pending"),
    ]


@pytest.mark.exhaustive
def test_a_cancelled_copy_leaves_nothing(
    backup: Backup, second: StorageTarget, operator: User
) -> None:
    path = Path(backup.storage.options["folder"]) / backup.stored_objects.get().key
    # Large enough to be caught; its sha256 is another one then, so it never ends well by itself.
    with path.open("ab") as file:
        file.truncate(4 << 30)
    copy = request_copy(backup=backup, target=second, actor=operator)
    process = Process(COPY_WORKER, str(copy.pk))
    try:
        wait_for(lambda: bool(files_in(second)), seconds=20, what="it has begun")
        cancel_copy(copy=copy, actor=operator)
        wait_for(lambda: status_of(copy) == "cancelled", seconds=10, what="it is cancelled")
        assert process.wait() == 0
    finally:
        process.kill()
    assert files_in(second) == []
    assert (copy.error, copy.retry_at) == ("cancelled by otto", None)
