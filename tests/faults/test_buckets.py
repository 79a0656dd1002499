"""Real workers that die, and places that go away, while a backup is on its way to a bucket."""

import signal
from collections.abc import Iterator
from typing import Any

import pytest

from access.models import Company, User
from backups.consistency import find_disagreements
from backups.models import Backup, Database
from backups.upkeep.locking import lock_new_copies
from config.tick import run_once
from storage.backends.s3 import connection
from storage.models import StorageTarget, StoredObject
from tests.backups.asking import ask
from tests.backups.test_s3 import made_target
from tests.faults.points import IN_A_BUCKET
from tests.faults.test_every_point import end_leases
from tests.faults.worker import TICK, Process, start_worker
from tests.running import fresh, run_here
from tests.storage.buckets import Bucket, Server, Wire

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.xdist_group("s3")]

IN_EVERY_PUT = {"s3.all-sent", "s3.published"}
IN_LOCKING = [point for point in IN_A_BUCKET if point.startswith("locking.")]


def asked(database: Database, operator: User) -> Backup:
    return ask(database, operator, options={"tables": ["access_company"]})


@pytest.mark.exhaustive
@pytest.mark.parametrize("point", sorted(IN_EVERY_PUT))
def test_killed_on_the_way_to_a_bucket(
    company: Company, s3_server: Server, database: Database, operator: User, point: str
) -> None:
    bucket = Bucket(s3_server.endpoint)
    made_target(company, bucket)
    backup = asked(database, operator)
    # The supervisor dies with its runner: nobody is there who could clean up at once.
    worker = start_worker(backup, fault=f"{point},supervisor.settling")
    worker.wait()
    assert fresh(backup.pk).status == "running"
    end_leases()
    run_once()
    assert bucket.names() == [] == bucket.uploads()
    run_here(backup_id=backup.pk)
    assert fresh(backup.pk).status == "completed"
    assert len(bucket.names()) == 2
    assert find_disagreements() == []


@pytest.mark.exhaustive
@pytest.mark.parametrize("point", IN_LOCKING)
def test_killed_while_locking(
    company: Company, s3_server: Server, database: Database, operator: User, point: str
) -> None:
    cloud = made_target(company, Bucket(s3_server.endpoint, lock=True), lock_days=2)
    backup = asked(database, operator)
    run_here(backup_id=backup.pk)
    tick = Process(TICK, fault=point)
    assert tick.wait() == -signal.SIGKILL, tick.said
    assert StoredObject.objects.get(target=cloud).retain_until is None
    assert lock_new_copies() == 1
    assert StoredObject.objects.get(target=cloud).retain_until is not None


@pytest.fixture
def wire(s3_server: Server) -> Iterator[Wire]:
    wire = Wire(s3_server.port)
    yield wire
    wire.close()


def test_a_bucket_that_is_away_is_named_and_the_rest_goes_on(
    company: Company,
    s3_server: Server,
    wire: Wire,
    database: Database,
    operator: User,
    monkeypatch: Any,
) -> None:
    monkeypatch.setattr(connection, "PATIENCE_SECONDS", 0.5)
    bucket = Bucket(s3_server.endpoint)
    made_target(company, bucket, endpoint=wire.endpoint)
    wire.is_cut = True
    backup = asked(database, operator)
    run_here(backup_id=backup.pk)
    found = fresh(backup.pk)
    assert (found.status, found.error_code) == ("failed", "storage_unavailable")
    assert "does not answer" in found.error
    wire.is_cut = False
    connection._away.clear()
    again = asked(database, operator)
    run_here(backup_id=again.pk)
    assert fresh(again.pk).status == "completed"
    run_once()
    assert {name.split("/")[1] for name in bucket.names()} == {
        fresh(again.pk).stored_objects.get().key.split("/")[1]
    }
    assert StorageTarget.objects.count() == 2
