"""Real workers for the fault tests: a supervisor with its runner, in processes of their own."""

import json
import os
import tempfile
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
from django.db import connection

from backups.models import Backup, Check
from faults import VARIABLE
from restores.models import Restore
from storage.keys import SHEETS
from storage.models import StorageTarget
from tests.config.waiting import wait_for
from tests.faults.forked import start_forked
from tests.processes import is_alive
from tests.running import own_database_url

WORKER = """
import sys, uuid, django
django.setup()
from backups.queueing import run_backup
run_backup(backup_id=uuid.UUID(sys.argv[1]))
"""
CHECK_WORKER = """
import sys, uuid, django
django.setup()
from backups.checks.queueing import run_check
run_check(check_id=uuid.UUID(sys.argv[1]))
"""
COPY_WORKER = """
import sys, uuid, django
django.setup()
from backups.copying.queueing import run_copy
run_copy(copy_id=uuid.UUID(sys.argv[1]))
"""
RESTORE_WORKER = """
import sys, uuid, django
django.setup()
from restores.queueing import run_restore
run_restore(restore_id=uuid.UUID(sys.argv[1]))
"""
ERRAND_WORKER = """
import sys, uuid, django
django.setup()
from restores.kept.errands import run_errand
run_errand(restore_id=uuid.UUID(sys.argv[1]))
"""
TICK = """
import django
django.setup()
from config.tick import run_once
run_once()
"""


def environment(fault: str = "") -> dict[str, str]:
    found = {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "config.settings",
        "DATABASE_URL": own_database_url(),
    }
    return {**found, VARIABLE: fault} if fault else found


class Process:
    """A process under test, with what it said."""

    def __init__(self, code: str, *arguments: str, fault: str = "") -> None:
        self._said = tempfile.NamedTemporaryFile()  # noqa: SIM115 - it lives as long as we do
        self._name = f"under-test:{uuid.uuid4()}"
        self._process = start_forked(
            code,
            *arguments,
            environment={**environment(fault), "PGAPPNAME": self._name},
            output=self._said.name,
        )
        assert self._process.pid is not None
        self.pid = self._process.pid

    def wait(self, seconds: float = 60) -> int:
        """How it ended: a signal is a negative number."""
        self._process.join(seconds)
        assert self._process.exitcode is not None, f"It did not end in {seconds} s: {self.said}"
        if self._process.exitcode < 0:
            wait_for(self._is_disconnected, seconds=10, what="what it left open is rolled back")
        return self._process.exitcode

    def _is_disconnected(self) -> bool:
        """PostgreSQL keeps the locks of a killed process until it sees the socket closed."""
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT FROM pg_stat_activity WHERE datname = current_database()"
                " AND application_name = %s",
                [self._name],
            )
            return cursor.fetchone() is None

    def kill(self) -> None:
        self._process.kill()
        self._process.join()

    @property
    def said(self) -> str:
        self._said.seek(0)
        return self._said.read().decode()

    @property
    def runner_status(self) -> int | None:
        """How the runner ended, by the supervisor's log."""
        for line in self.said.splitlines():
            if '"run_ended"' in line:
                return int(json.loads(line)["status"])
        return None


def start_worker(backup: Backup, *, fault: str = "") -> Process:
    return Process(WORKER, str(backup.pk), fault=fault)


@contextmanager
def restore_worker(restore: Restore, *, fault: str = "") -> Iterator[Process]:
    process = Process(RESTORE_WORKER, str(restore.pk), fault=fault)
    try:
        yield process
    finally:
        process.kill()


@contextmanager
def check_worker(check: Check, *, fault: str = "") -> Iterator[Process]:
    """A worker at work on a check of stored bytes."""
    process = Process(CHECK_WORKER, str(check.pk), fault=fault)
    try:
        yield process
    finally:
        process.kill()


@contextmanager
def worker(backup: Backup, *, fault: str = "") -> Iterator[Process]:
    """A worker at work on the backup; ended with the block, if it has not ended by itself."""
    process = start_worker(backup, fault=fault)
    try:
        yield process
    finally:
        process.kill()


def tree_of(process: Process) -> list[psutil.Process]:
    return psutil.Process(process.pid).children(recursive=True)


def wait_until_gone(tree: list[psutil.Process]) -> None:
    def gone() -> bool:
        return not any(is_alive(one) for one in tree)

    wait_for(gone, seconds=3, what="the runner and its tools are gone")


def files_in(target: StorageTarget) -> list[Path]:
    """What belongs to backups; sheets and registry are derived, now and then."""
    found = [path for path in Path(target.options["folder"]).rglob("*") if path.is_file()]
    return [path for path in found if path.name not in SHEETS]


def wait_for_draft(target: StorageTarget) -> None:
    def has_begun() -> bool:
        drafts = Path(target.options["folder"]).glob(".incoming/*.part")
        return any(path.stat().st_size for path in drafts)

    wait_for(has_begun, seconds=60, what="a dump is under way")
