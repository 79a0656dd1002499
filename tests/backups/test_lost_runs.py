"""Runs whose worker is gone, claims that were lost, and what waits forgotten."""

from datetime import timedelta

import pytest
from django.utils import timezone
from django_q.models import OrmQ

from access.models import User
from backups import keyring, run
from backups.leftovers import remove_unregistered
from backups.models import Backup, Database
from backups.naming import artifact_key
from backups.queueing import claim_backup, wake_forgotten_backups
from monitoring.alerts.models import Alert
from monitoring.files.claims import Claim, ClaimLost
from monitoring.files.endings import reap_lost_files, remove_leftovers
from monitoring.files.journal import Journal
from monitoring.files.models import TrackedFile
from storage.models import StorageTarget, StoredObject
from tests.backups.asking import ask, failed_for, files_in
from tests.cast import make_backup
from tests.running import claimed, fresh, run_here

pytestmark = pytest.mark.django_db(transaction=True)


def test_a_lost_claim_stops_the_run_and_takes_its_bytes_away(
    database: Database, operator: User, storage_target: StorageTarget
) -> None:
    backup = ask(database, operator)
    claim = claimed(backup)
    made = dump(backup, claim)
    assert len(files_in(storage_target)) == 2
    TrackedFile.objects.update(attempt=2, owner="another")
    with pytest.raises(ClaimLost):
        run._register(backup, claim, Journal(), made, [], None)
    remove_unregistered(backup, made.key)
    assert files_in(storage_target) == []
    assert not StoredObject.objects.exists()

    TrackedFile.objects.update(owner="a third")
    with pytest.raises(ClaimLost):
        run.carry_out(backup=backup, claim=claim)
    assert files_in(storage_target) == []
    backup.refresh_from_db()
    assert (backup.status, backup.error_code) == ("running", "")


def dump(backup: Backup, claim: Claim) -> run.Made:
    """The first half of a run: both files stored, nothing registered."""
    found = fresh(backup.pk)
    key = artifact_key(found, claim.attempt)
    return run._dump_and_store(found, claim, Journal(), key, keyring.new_ephemeral()[0])


def lose(backup: Backup) -> None:
    TrackedFile.objects.filter(backup=backup).update(
        lease_until=timezone.now() - timedelta(seconds=1)
    )


def test_a_lost_run_is_tried_again_and_its_bytes_go(
    database: Database, operator: User, storage_target: StorageTarget
) -> None:
    backup, waiting = ask(database, operator), ask(database, operator, force=True)
    claim = claimed(backup)
    dump(backup, claim)
    assert len(files_in(storage_target)) == 2
    assert (reap_lost_files(), remove_leftovers()) == (0, 0)

    lose(backup)
    OrmQ.objects.all().delete()
    assert (reap_lost_files(), remove_leftovers()) == (1, 1)
    assert files_in(storage_target) == []
    backup.refresh_from_db()
    waiting.refresh_from_db()
    assert (backup.status, waiting.status) == ("pending", "pending")
    assert OrmQ.objects.count() == 1
    assert (reap_lost_files(), remove_leftovers()) == (0, 0)
    with pytest.raises(ClaimLost):
        claim.renew()

    run_here(backup_id=backup.pk)
    backup = fresh(backup.pk)
    assert (backup.status, backup.validation) == ("completed", "good")
    assert backup.file is not None
    assert (backup.file.attempt, backup.file.progress) == (2, 100)
    assert len(files_in(storage_target)) == 2


def test_a_run_lost_too_often_fails_and_lets_the_next_one_go(
    database: Database, operator: User, storage_target: StorageTarget
) -> None:
    backup, waiting = ask(database, operator), ask(database, operator, force=True)
    for _attempt in range(3):
        dump(backup, claimed(backup))
        lose(backup)
        OrmQ.objects.all().delete()
        assert reap_lost_files() == 1
    assert remove_leftovers() == 1
    failed_for(backup, "worker_lost")
    assert files_in(storage_target) == []
    assert OrmQ.objects.count() == 1
    assert Alert.objects.get().key == f"backup.failed:{backup.database_id}"
    assert claim_backup(backup_id=backup.pk) is None
    run_here(backup_id=waiting.pk)
    assert fresh(waiting.pk).status == "completed"


def test_a_storage_that_is_away_keeps_the_debt(
    database: Database, operator: User, storage_target: StorageTarget
) -> None:
    backup = ask(database, operator)
    dump(backup, claimed(backup))
    lose(backup)
    assert reap_lost_files() == 1
    there = dict(storage_target.options)
    StorageTarget.objects.update(options={"folder": ""})
    assert remove_leftovers() == 0
    StorageTarget.objects.update(options=there)
    assert len(files_in(storage_target)) == 2
    assert remove_leftovers() == 1
    assert files_in(storage_target) == []


def test_a_finished_backup_is_never_taken_for_lost(
    good: Backup, storage_target: StorageTarget
) -> None:
    before = files_in(storage_target)
    TrackedFile.objects.update(lease_until=timezone.now() - timedelta(hours=1))
    assert reap_lost_files() == 0
    assert files_in(storage_target) == before


def test_what_the_database_has_is_never_taken_away(
    good: Backup, storage_target: StorageTarget
) -> None:
    """The run may not know that it is registered: the answer to COMMIT can be lost."""
    before = files_in(storage_target)
    remove_unregistered(good, good.stored_objects.get().key)
    assert files_in(storage_target) == before
    good.stored_objects.clear()
    remove_unregistered(good, StoredObject.objects.get().key)
    assert files_in(storage_target) == []


def test_what_waits_forgotten_is_woken_once(database: Database, operator: User) -> None:
    first = ask(database, operator)
    ask(database, operator, force=True)
    OrmQ.objects.all().delete()
    assert wake_forgotten_backups() == 0
    Backup.objects.update(created_at=timezone.now() - timedelta(minutes=5))
    assert wake_forgotten_backups() == 1
    assert OrmQ.objects.count() == 1
    # The wake-up waits for a free worker: another one would not help.
    assert wake_forgotten_backups() == 0

    OrmQ.objects.all().delete()
    Backup.objects.filter(pk=first.pk).update(status="running")
    assert wake_forgotten_backups() == 0


def test_a_backup_made_by_hand_of_the_cast_is_left_alone(database: Database) -> None:
    backup = make_backup(database)
    run_here(backup_id=backup.pk)
    assert not StoredObject.objects.exists()
