"""Cancelling: in every stage, within three seconds, and no file stays."""

import time
from pathlib import Path

import pytest
from django.db import connection
from rest_framework.test import APIClient

from access.models import AuditEntry, User
from access.policy import NotAllowed
from backups.consistency import find_disagreements
from backups.errors import NotReady
from backups.models import Backup, Database
from backups.services import cancel_backup, request_backup
from monitoring.alerts.models import Alert
from monitoring.files.endings import remove_leftovers
from monitoring.files.models import TrackedFile
from storage.models import StorageTarget
from tests.backups.servers import TestServer
from tests.config.waiting import busyness, wait_for
from tests.faults.worker import files_in, tree_of, wait_for_draft, wait_until_gone, worker
from tests.running import claimed, run_here

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.xdist_group("servers")]


@pytest.fixture
def asked(big_source: Database, operator: User) -> Backup:
    return request_backup(database=big_source, options={}, actor=operator, trigger="manual")


def assert_cancelled(backup: Backup, target: StorageTarget) -> None:
    backup.refresh_from_db()
    assert (backup.status, backup.error_code) == ("cancelled", "cancelled")
    assert backup.error == "cancelled by otto"
    assert backup.file is not None
    backup.file.refresh_from_db()
    assert (backup.file.status, backup.file.error) == ("failed", "cancelled by otto")
    assert files_in(target) == []
    assert find_disagreements() == []
    # Who cancelled knows; nobody is to be woken for it.
    assert not Alert.objects.exists()
    actions = AuditEntry.objects.filter(action__startswith="backup.cancel")
    assert list(actions.order_by("id").values_list("action", "actor_name")) == [
        ("backup.cancel_asked", "otto"),
        ("backup.cancelled", "worker"),
    ]


def test_in_mid_dump(asked: Backup, operator: User, storage_target: StorageTarget) -> None:
    with worker(asked) as process:
        wait_for_draft(storage_target)
        tree = tree_of(process)
        began = time.monotonic()
        cancel_backup(backup=asked, actor=operator)
        wait_until_gone(tree)
        assert process.wait() == 0
        assert time.monotonic() - began < 3 * busyness()
    assert_cancelled(asked, storage_target)


@pytest.mark.exhaustive
def test_while_the_dump_waits_for_a_lock(
    asked: Backup, server: TestServer, operator: User, storage_target: StorageTarget
) -> None:
    name = asked.database.database_name
    with server.connect(name) as held, held.transaction():
        held.execute("LOCK TABLE big IN ACCESS EXCLUSIVE MODE")
        with worker(asked) as process:
            wait_for(lambda: len(tree_of(process)) > 0, seconds=10, what="a runner")
            assert asked.file is not None
            stages = asked.file.stages.filter(key="dump", status="in_progress")
            wait_for(stages.exists, seconds=30, what="the dump")
            began = time.monotonic()
            cancel_backup(backup=asked, actor=operator)
            assert process.wait() == 0
            assert time.monotonic() - began < 3 * busyness()
    assert_cancelled(asked, storage_target)


@pytest.mark.exhaustive
@pytest.mark.parametrize("stage", ["store", "validate", "finalize"])
def test_in_a_later_stage(
    asked: Backup, operator: User, storage_target: StorageTarget, stage: str, tmp_path: Path
) -> None:
    """The row of the stage is held, so that the run comes to it and no further."""
    with connection.cursor() as cursor:
        cursor.execute(
            "CREATE FUNCTION hold() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
            " PERFORM pg_advisory_xact_lock_shared(77); RETURN NEW; END $$"
        )
        cursor.execute(
            "CREATE TRIGGER hold BEFORE UPDATE ON monitoring_stage FOR EACH ROW"
            f" WHEN (NEW.key = '{stage}' AND NEW.status = 'in_progress'"
            " AND OLD.status = 'pending') EXECUTE FUNCTION hold()"
        )
        cursor.execute("SELECT pg_advisory_lock(77)")
        try:
            with worker(asked) as process:
                wait_for(_somebody_waits, seconds=60, what=f"the stage {stage}")
                began = time.monotonic()
                # The run holds the file's row meanwhile; the request comes through behind it.
                cursor.execute("SELECT pg_advisory_unlock(77)")
                try:
                    cancel_backup(backup=asked, actor=operator)
                except NotReady:
                    assert stage == "finalize"
                    return
                assert process.wait() == 0
                assert time.monotonic() - began < 4 * busyness()
        finally:
            cursor.execute("DROP FUNCTION hold CASCADE")
    asked.refresh_from_db()
    if asked.status == "completed":
        pytest.fail("a cancelled run must not complete")
    assert_cancelled(asked, storage_target)


def _somebody_waits() -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted")
        row = cursor.fetchone()
    return bool(row and row[0])


def test_while_it_waits_for_a_worker(
    asked: Backup, operator: User, storage_target: StorageTarget
) -> None:
    cancel_backup(backup=asked, actor=operator)
    assert_cancelled(asked, storage_target)
    run_here(backup_id=asked.pk)
    assert_cancelled(asked, storage_target)


@pytest.mark.exhaustive
def test_what_is_over_cannot_be_cancelled(
    asked: Backup, operator: User, storage_target: StorageTarget
) -> None:
    run_here(backup_id=asked.pk)
    with pytest.raises(NotReady):
        cancel_backup(backup=asked, actor=operator)
    asked.refresh_from_db()
    assert asked.status == "completed"


@pytest.mark.exhaustive
def test_a_supervisor_that_dies_after_the_request(
    asked: Backup, operator: User, storage_target: StorageTarget
) -> None:
    """The tick ends it as cancelled, and does not try again."""
    from django.db.models.functions import Now

    from config.tick import run_once

    claimed(asked)
    cancel_backup(backup=asked, actor=operator)
    TrackedFile.objects.update(lease_until=Now())
    run_once()
    assert_cancelled(asked, storage_target)
    assert remove_leftovers() == 0


def test_who_may_and_who_may_not(
    asked: Backup, operator: User, viewer: User, agent: User, stranger: User
) -> None:
    for actor, status in ((viewer, 403), (agent, 404), (stranger, 404)):
        client = APIClient()
        client.force_authenticate(actor)
        assert client.post(f"/api/backup/cancel/{asked.pk}").status_code == status
        with pytest.raises(NotAllowed):
            cancel_backup(backup=asked, actor=actor)
    asked.refresh_from_db()
    assert asked.status == "pending"
    client = APIClient()
    client.force_authenticate(operator)
    answer = client.post(f"/api/backup/cancel/{asked.pk}/")
    assert answer.status_code == 202
    assert answer.json()["status"] == "cancelled"
    assert answer.json()["error"] == {"code": "cancelled", "message": "cancelled by otto"}
    again = client.post(f"/api/backup/cancel/{asked.pk}")
    assert (again.status_code, again.json()["code"]) == (409, "not_ready")
