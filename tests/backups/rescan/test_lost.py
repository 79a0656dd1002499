"""A rescan beside runs: lost ones get their bytes, those at work are left alone."""

import pytest

from backups.models import Database
from backups.rescan.findings import Outcome
from monitoring.files.models import TrackedFile
from storage.models import StorageTarget, StoredObject
from tests.backups.rescan.conftest import Manifest, lay, manifest_of
from tests.backups.rescan.test_rescan import reasons, scan
from tests.cast import make_backup, make_running

pytestmark = pytest.mark.django_db


def test_a_run_that_was_lost_gets_its_bytes(
    storage_target: StorageTarget, database: Database, manifest: Manifest
) -> None:
    lost = make_backup(database, status="failed", error_code="worker_lost", error="lost")
    manifest["backup"] = str(lost.pk)
    lay(storage_target, manifest)
    assert reasons(scan(storage_target)) == ["lost_run"]
    lost.refresh_from_db()
    assert (lost.status, lost.error_code, lost.validation) == ("completed", "", "unchecked")
    assert scan(storage_target).counts == {Outcome.KNOWN: 1}


def test_of_two_attempts_of_a_lost_run_the_later_counts(
    storage_target: StorageTarget, database: Database
) -> None:
    lost = make_backup(database, status="failed", error_code="worker_lost", error="lost")
    folder = f"orders-{database.pk.hex[:8]}/20260301T020000Z-aaaaaaaa"
    keys = [f"{folder}-{attempt}/orders.dump.age" for attempt in (1, 2)]
    for key in keys:
        told = manifest_of(database, key=key, file="orders.dump.age")
        lay(storage_target, told | {"backup": str(lost.pk)})
    report = scan(storage_target)
    assert {one.key: one.reason for one in report.findings} == {
        keys[1]: "lost_run",
        keys[0]: "second_manifest",
    }
    assert lost.stored_objects.get().key == keys[1]


def test_what_somebody_is_at_work_on_is_left_alone(
    storage_target: StorageTarget, database: Database, manifest: Manifest
) -> None:
    running = make_running(database)
    manifest["backup"] = str(running.pk)
    lay(storage_target, manifest)
    owed = make_backup(database, status="failed", error_code="worker_lost")
    TrackedFile.objects.filter(backup=owed).update(leftovers_of=1)
    lay(storage_target, manifest_of(database) | {"backup": str(owed.pk)})
    report = scan(storage_target)
    assert report.counts == {Outcome.AT_WORK: 2}
    assert not StoredObject.objects.exists()
