"""Who may die besides: the worker alone, pg_restore at its work, each of all at any moment."""

import os
import random
import signal
import time
from collections.abc import Iterator

import psutil
import pytest

from access.models import User
from tests.backups.checks.conftest import MakeBackup, backed_up
from tests.backups.servers import TestServer
from tests.cast import admin
from tests.config.waiting import wait_for
from tests.faults.target_server import kill, mortal_server, revive
from tests.faults.test_replacements import (
    IN_A_REPLACEMENT,
    assert_replaced_and_undone,
    carry_on,
    halted_child,
    on,
    under_the_name,
)
from tests.faults.test_restores import SLOW, status_of
from tests.faults.worker import Process, restore_worker, tree_of, wait_until_gone
from tests.processes import arguments_of
from tests.restores.replacing.shop import NOW, asked, changed_shop
from tests.restores.test_restore import databases

__all__ = ["admin", "backed_up"]

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.xdist_group("fault-replacements"),
    pytest.mark.exhaustive,
]

VICTIMS = ("supervisor", "runner", "pg_restore", "server")
# Twenty moments in a run, and others in each.
MOMENTS = range(5)
PLAIN = "CREATE TABLE plain AS SELECT generate_series(1, 1000) AS id"


@pytest.fixture(scope="module")
def mortal() -> Iterator[TestServer]:
    with mortal_server() as started:
        yield started


@pytest.mark.parametrize("point", sorted(set(IN_A_REPLACEMENT)))
def test_the_worker_alone_dies_at_a_point_of_a_replacement(
    backed_up: MakeBackup, server: TestServer, operator: User, admin: User, point: str
) -> None:
    """And its runner, which hangs there, with it: by the kernel, or by what takes over."""
    with changed_shop(backed_up, server) as backup:
        before = databases(server)
        restore = asked(backup, operator, jobs=2)
        with restore_worker(restore, fault=f"{point}=stop") as process:
            runner = halted_child(process)
            process.kill()
            wait_until_gone([runner])
        under_the_name(server, restore.target_name)
        carry_on(restore)
        assert_replaced_and_undone(restore, server, before, admin)


@pytest.mark.parametrize("jobs", [1, 2])
def test_pg_restore_dies_at_its_work(
    backed_up: MakeBackup, server: TestServer, operator: User, jobs: int
) -> None:
    """At no point of ours, since it works between two of them: while a check of a row sleeps."""
    with changed_shop(backed_up, server, PLAIN, *SLOW) as backup:
        before = databases(server)
        restore = asked(backup, operator, jobs=jobs)
        with restore_worker(restore) as process:
            sleeps = "SELECT count(*) FROM pg_stat_activity WHERE query LIKE 'COPY%slowly%'"
            wait_for(lambda: counted(server, sleeps) > 0, seconds=30, what="it loads the rows")
            kill_child(process, "pg_restore")
            assert process.wait() == 0, process.said
        assert (status_of(restore), restore.error_code) == ("failed", "restore_failed")
        assert under_the_name(server, restore.target_name) == NOW
        carry_on(restore)
        assert databases(server) == before


@pytest.mark.parametrize("moment", MOMENTS)
@pytest.mark.parametrize("victim", VICTIMS)
def test_killed_at_a_random_moment(
    backed_up: MakeBackup, mortal: TestServer, operator: User, admin: User, victim: str, moment: int
) -> None:
    assert moment in MOMENTS
    server = mortal
    with changed_shop(on(server, backed_up), server) as backup:
        before = databases(server)
        restore = asked(backup, operator, jobs=2)
        with restore_worker(restore) as process:
            time.sleep(random.uniform(0.5, 3.5))  # noqa: S311 - a moment, not a secret
            if victim == "server":
                kill(server)
            elif victim == "supervisor":
                process.kill()
            else:
                kill_child(process, "run_file" if victim == "runner" else "pg_restore")
            process.wait()
        if victim == "server":
            revive(server)
        under_the_name(server, restore.target_name)
        carry_on(restore)
        if status_of(restore) == "completed":
            assert_replaced_and_undone(restore, server, before, admin)
        else:
            assert victim in ("server", "pg_restore"), (restore.status, restore.error)
            assert under_the_name(server, restore.target_name) == NOW
            assert databases(server) == before


def counted(server: TestServer, query: str) -> int:
    with server.connect() as connection:
        row = connection.execute(query.encode()).fetchone()
    assert row is not None
    return int(row[0])


def kill_child(process: Process, word: str) -> None:
    """One of the worker's processes, when it is there at that moment."""
    for child in tree_of(process) if psutil.pid_exists(process.pid) else []:
        try:
            if word in " ".join(arguments_of(child)):
                os.kill(child.pid, signal.SIGKILL)
        except (psutil.NoSuchProcess, ProcessLookupError):
            continue
