"""A worker killed with signal 9 in mid-dump: nothing runs on, nothing looks like an artifact."""

import signal
import time
from datetime import timedelta

import pytest
from django.db.models.functions import Now

from access.models import User
from backups.consistency import find_disagreements
from backups.models import Backup, Database
from backups.services import request_backup
from config.tick import run_once
from monitoring.files import claims
from monitoring.files.endings import reap_lost_files
from monitoring.files.models import TrackedFile
from storage.models import StorageTarget
from tests.backups.servers import PASSWORD, TestServer
from tests.config.waiting import busyness, wait_for
from tests.faults.worker import files_in, tree_of, wait_for_draft, wait_until_gone, worker
from tests.processes import arguments_of

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.xdist_group("servers")]


def ask(big_source: Database, operator: User) -> Backup:
    return request_backup(database=big_source, options={}, actor=operator, trigger="manual")


def test_killed_in_mid_dump(
    big_source: Database, operator: User, storage_target: StorageTarget
) -> None:
    backup = ask(big_source, operator)
    with worker(backup) as process:
        wait_for_draft(storage_target)
        tree = tree_of(process)
        assert any("pg_dump" in one.name() for one in tree)
    wait_until_gone(tree)
    assert all(".incoming" in path.parts for path in files_in(storage_target))
    backup.refresh_from_db()
    assert backup.status == Backup.Status.RUNNING

    # Its lease holds; until it ends nobody may take it for lost.
    assert reap_lost_files() == 0
    assert claims.expired().count() == 0
    TrackedFile.objects.update(lease_until=Now())
    run_once()
    backup.refresh_from_db()
    assert backup.status == Backup.Status.PENDING
    assert files_in(storage_target) == []
    assert find_disagreements() == []
    with worker(backup) as again:
        assert again.wait() == 0
    backup.refresh_from_db()
    assert (backup.status, backup.validation) == ("completed", "good")
    assert find_disagreements() == []


def test_a_killed_runner_is_given_back_at_once(
    big_source: Database, operator: User, storage_target: StorageTarget
) -> None:
    backup = ask(big_source, operator)
    with worker(backup) as process:
        wait_for_draft(storage_target)
        tree = tree_of(process)
        runner = next(one for one in tree if "run_file" in arguments_of(one))
        runner.kill()
        assert process.wait() == 0
        assert process.runner_status == -signal.SIGKILL
    wait_until_gone(tree)
    backup.refresh_from_db()
    assert backup.status == Backup.Status.PENDING
    assert files_in(storage_target) == []
    assert find_disagreements() == []


@pytest.mark.exhaustive
def test_a_dump_whose_session_ends_publishes_nothing(
    server: TestServer, big_source: Database, operator: User, storage_target: StorageTarget
) -> None:
    backup = ask(big_source, operator)
    with worker(backup) as process:
        wait_for_draft(storage_target)
        server.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            f" WHERE application_name = 'holdfast:{backup.file_id}:1'"
        )
        assert process.wait() == 0
    backup.refresh_from_db()
    assert backup.status == Backup.Status.FAILED
    assert backup.error_code in ("connection_failed", "dump_failed")
    assert backup.error_detail
    assert PASSWORD not in backup.error_detail
    assert files_in(storage_target) == []
    assert find_disagreements() == []


@pytest.mark.exhaustive
def test_a_run_that_lost_its_claim_takes_its_bytes_away(
    big_source: Database, operator: User, storage_target: StorageTarget
) -> None:
    backup = ask(big_source, operator)
    with worker(backup) as process:
        wait_for_draft(storage_target)
        TrackedFile.objects.update(attempt=2, owner="another")
        assert process.wait() == 0
    assert files_in(storage_target) == []
    backup.refresh_from_db()
    assert (backup.status, backup.error_code) == ("running", "")


def test_a_silent_run_is_ended(
    big_source: Database, server: TestServer, operator: User, storage_target: StorageTarget
) -> None:
    """Silence is measured by the database's clock; a stage has its own limit."""
    backup = ask(big_source, operator)
    with server.connect(big_source.database_name) as held, held.transaction():
        held.execute("LOCK TABLE big IN ACCESS EXCLUSIVE MODE")
        with worker(backup) as process:
            dump = backup.file.stages.filter(key="dump") if backup.file else None
            assert dump is not None
            wait_for(lambda: dump.get().status == "in_progress", seconds=30, what="the dump")
            TrackedFile.objects.update(seen_at=Now() - timedelta(hours=1))
            began = time.monotonic()
            assert process.wait() == 0
            assert time.monotonic() - began < 5 * busyness()
    backup.refresh_from_db()
    assert (backup.status, backup.error_code) == ("failed", "timeout")
    assert files_in(storage_target) == []
    assert find_disagreements() == []
