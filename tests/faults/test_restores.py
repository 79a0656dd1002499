"""Restores that die: the new database is there whole or not at all, and then done again."""

import signal
from pathlib import Path

import pytest
from django.conf import settings

from access.models import User
from config.tick import run_once
from restores.models import Restore
from restores.requesting import cancel_restore, request_restore
from tests.backups.checks.conftest import MakeBackup, backed_up
from tests.backups.servers import TestServer
from tests.config.waiting import wait_for
from tests.faults.points import IN_A_RESTORE, one_always
from tests.faults.test_every_point import end_leases
from tests.faults.worker import restore_worker
from tests.restores.test_restore import databases, new_name, wish

__all__ = ["backed_up"]

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.xdist_group("fault-restores")]

# Slow in the restore alone: a check that sleeps while pg_restore loads the rows.
SLOW = (
    "CREATE FUNCTION slow() RETURNS boolean LANGUAGE sql AS $$"
    " SELECT pg_sleep(CASE WHEN current_database() LIKE 'holdfast\\_%' THEN 60 ELSE 0 END)"
    " IS NOT NULL $$",
    "CREATE TABLE slowly (n int CHECK (public.slow()))",
    "INSERT INTO slowly VALUES (1)",
)


def status_of(restore: Restore) -> str:
    restore.refresh_from_db()
    return restore.status


def test_there_are_points() -> None:
    assert len(IN_A_RESTORE) >= 5


@pytest.mark.parametrize("point", one_always(IN_A_RESTORE, "restore.published"))
def test_killed_at_a_point_of_a_restore(
    backed_up: MakeBackup, server: TestServer, operator: User, point: str
) -> None:
    with backed_up(drill_every=0) as backup, new_name(server) as name:
        before = databases(server)
        # In parallel: so it comes past every point.
        restore = request_restore(wish=wish(backup, name, jobs=2), actor=operator)
        with restore_worker(restore, fault=f"{point},supervisor.settling") as process:
            assert process.wait() == -signal.SIGKILL, process.said
        if name in databases(server):
            with server.connect(name) as connection:
                row = connection.execute("SELECT count(*) FROM plain").fetchone()
                assert row == (1000,)
        # The unpacked archive is gone with the processes that held it.
        unpacking = Path(settings.PLACES.unpacking)
        assert not unpacking.exists() or not list(unpacking.iterdir())
        end_leases()
        run_once()
        assert databases(server) - before <= {name}
        assert status_of(restore) == "pending"
        with restore_worker(restore) as process:
            assert process.wait() == 0
        assert status_of(restore) == "completed", (restore.error, process.said)
        assert databases(server) - before == {name}


@pytest.mark.exhaustive
def test_a_cancelled_restore_leaves_the_server_as_it_was(
    backed_up: MakeBackup, server: TestServer, operator: User
) -> None:
    with backed_up(*SLOW, drill_every=0) as backup, new_name(server) as name:
        before = databases(server)
        restore = request_restore(wish=wish(backup, name), actor=operator)
        with restore_worker(restore) as process:
            wait_for(lambda: databases(server) != before, seconds=30, what="a draft is made")
            cancel_restore(restore=restore, actor=operator)
            wait_for(lambda: status_of(restore) == "cancelled", seconds=5, what="it is cancelled")
            assert process.wait() == 0
        wait_for(lambda: databases(server) == before, seconds=5, what="the draft is gone")
