"""A worker killed with signal 9 in mid-dump: nothing runs on, nothing looks like an artifact."""

import os
import subprocess
import sys
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import psutil
import pytest
from django.db import connection
from django.utils import timezone

from access.models import User
from backups.models import Backup, Database
from backups.services import fail_lost_backups, request_backup, run_backup
from config.places import PROJECT
from monitoring.files.models import TrackedFile
from storage.models import StorageTarget
from tests.backups.servers import PASSWORD, TestServer
from tests.backups.test_engine import BIG
from tests.config.waiting import wait_for

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.xdist_group("servers")]

WORKER = """
import sys, uuid, django
from django.conf import settings
settings.DATABASES["default"]["NAME"] = sys.argv[1]
django.setup()
from backups.services import run_backup
run_backup(backup_id=uuid.UUID(sys.argv[2]))
"""


@pytest.fixture
def source(server: TestServer, database: Database) -> Iterator[Database]:
    """A database on a server of another process, large enough to be caught in mid-dump."""
    with server.database(*BIG) as found:
        database.host, database.port = found.host, found.port
        database.database_name, database.username = found.database_name, found.username
        database.password = PASSWORD
        database.save()
        yield database


def start_worker(backup: Backup) -> "subprocess.Popen[bytes]":
    name = str(connection.settings_dict["NAME"])
    return subprocess.Popen(
        [sys.executable, "-c", WORKER, name, str(backup.pk)],
        cwd=PROJECT,
        env={**os.environ, "DJANGO_SETTINGS_MODULE": "config.settings"},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )


def files_in(target: StorageTarget) -> list[Path]:
    return [path for path in Path(target.options["folder"]).rglob("*") if path.is_file()]


def wait_for_draft(target: StorageTarget) -> None:
    def has_begun() -> bool:
        return any(path.suffix == ".part" and path.stat().st_size for path in files_in(target))

    wait_for(has_begun, seconds=60, what="a dump is under way")


def test_killed_in_mid_dump(
    source: Database, operator: User, storage_target: StorageTarget
) -> None:
    backup = request_backup(database=source, options={}, actor=operator, trigger="manual")
    worker = start_worker(backup)
    try:
        wait_for_draft(storage_target)
        tools = psutil.Process(worker.pid).children(recursive=True)
        assert any("pg_dump" in tool.name() for tool in tools)
    finally:
        worker.kill()
        worker.wait()

    def all_gone() -> bool:
        return not any(
            tool.is_running() and tool.status() != psutil.STATUS_ZOMBIE for tool in tools
        )

    wait_for(all_gone, seconds=3, what="pg_dump is gone")
    assert all(".incoming" in path.parts for path in files_in(storage_target))
    backup.refresh_from_db()
    assert backup.status == Backup.Status.RUNNING

    # Its lease holds; until it ends nobody may take it for lost.
    assert fail_lost_backups() == 0
    TrackedFile.objects.update(lease_until=timezone.now() - timedelta(seconds=1))
    assert fail_lost_backups() == 1
    backup.refresh_from_db()
    assert (backup.status, backup.error_code) == ("failed", "worker_lost")

    again = request_backup(database=source, options={}, actor=operator, trigger="manual")
    run_backup(backup_id=again.pk)
    again.refresh_from_db()
    assert (again.status, again.validation) == ("completed", "good")


def test_a_dump_whose_session_ends_publishes_nothing(
    server: TestServer, source: Database, operator: User, storage_target: StorageTarget
) -> None:
    backup = request_backup(database=source, options={}, actor=operator, trigger="manual")
    worker = start_worker(backup)
    wait_for_draft(storage_target)
    server.execute(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
        f" WHERE application_name = 'holdfast:{backup.file_id}:1'"
    )
    assert worker.wait(60) == 0
    backup.refresh_from_db()
    assert backup.status == Backup.Status.FAILED
    assert backup.error_code in ("connection_failed", "dump_failed")
    assert backup.error_detail
    assert PASSWORD not in backup.error_detail
    assert files_in(storage_target) == []


def test_a_worker_that_lost_its_claim_takes_its_bytes_away(
    source: Database, operator: User, storage_target: StorageTarget
) -> None:
    backup = request_backup(database=source, options={}, actor=operator, trigger="manual")
    worker = start_worker(backup)
    wait_for_draft(storage_target)
    TrackedFile.objects.update(attempt=2, owner="another")
    assert worker.wait(60) == 0
    assert files_in(storage_target) == []
    backup.refresh_from_db()
    assert (backup.status, backup.error_code) == ("running", "")
