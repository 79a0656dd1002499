"""A real process killed by signal 9 at every point that the source names: nothing is lost."""

import signal
from collections.abc import Iterator

import pytest
from django.db.models.functions import Now

from access.models import User
from backups.consistency import find_disagreements
from backups.models import Backup, Database
from backups.services import request_backup
from config.tick import run_once
from monitoring.files.models import TrackedFile
from storage.models import StorageTarget, StoredObject
from tests.faults.points import IN_A_WORKER, IN_THE_TICK, POINTS, every, one_always
from tests.faults.worker import TICK, Process, files_in, worker

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.xdist_group("faults")]


@pytest.fixture
def asked(database: Database, operator: User) -> Backup:
    options = {"tables": ["access_*"]}
    return request_backup(database=database, options=options, actor=operator, trigger="manual")


def end_leases() -> None:
    """As if the time had passed, by the database's clock."""
    TrackedFile.objects.filter(status="processing").update(lease_until=Now())


def carry_on() -> None:
    """What an installation does by itself: ticks, and a worker for what waits."""
    run_once()
    for backup in Backup.objects.filter(status=Backup.Status.PENDING):
        with worker(backup) as process:
            assert process.wait() == 0
    run_once()


def assert_good(backup: Backup, target: StorageTarget) -> None:
    backup.refresh_from_db()
    assert (backup.status, backup.validation) == ("completed", "good"), backup.error
    assert find_disagreements() == []
    assert len(files_in(target)) == 2
    assert StoredObject.objects.count() == 1


def test_the_list_is_read_from_the_source() -> None:
    assert len(POINTS) >= 15
    assert {"claim.taken", "storage.draft-made", "reaper.before-commit"} <= set(POINTS)


@pytest.mark.exhaustive
@pytest.mark.parametrize("point", every(IN_A_WORKER, "manifest.stored"))
def test_killed_at_a_point_of_a_run(
    asked: Backup, storage_target: StorageTarget, point: str
) -> None:
    with worker(asked, fault=point) as process:
        status = process.wait()
    # Either the supervisor died, or its runner did and the supervisor lived to tell.
    assert -signal.SIGKILL in (status, process.runner_status), process.said
    asked.refresh_from_db()
    assert asked.validation == "unchecked" or asked.stored_objects.count() == 1
    if status == 0:
        # Nothing waits for a tick where the supervisor lives.
        assert find_disagreements() == []
    end_leases()
    carry_on()
    assert_good(asked, storage_target)


@pytest.mark.parametrize("point", one_always(IN_THE_TICK, "reaper.before-commit"))
def test_killed_at_a_point_of_the_tick(
    asked: Backup, storage_target: StorageTarget, point: str
) -> None:
    """The runner has stored everything and registered nothing; its supervisor is gone too."""
    with worker(asked, fault="manifest.stored,supervisor.settling") as process:
        assert process.wait() == -signal.SIGKILL
    assert len(files_in(storage_target)) == 2
    end_leases()
    tick = Process(TICK, fault=point)
    assert tick.wait() == -signal.SIGKILL, tick.said
    carry_on()
    assert_good(asked, storage_target)


@pytest.fixture(autouse=True)
def _no_fault_here() -> Iterator[None]:
    """The test's own process never dies: the variable is set for its children alone."""
    import faults

    assert not faults._faults
    yield
