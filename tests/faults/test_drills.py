"""Drills that die, and drills that are cancelled: nothing stays, and nothing is known anew."""

import signal
from pathlib import Path

import psutil
import pytest

from access.models import User
from backups.checks.requesting import cancel_check, request_check
from backups.consistency import find_disagreements
from backups.engines.postgres.throwaway import drill_folder
from backups.models import Backup, Check
from config.tick import run_once
from tests.backups.checks.conftest import MakeBackup, backed_up
from tests.config.waiting import wait_for
from tests.faults.points import IN_A_CHECK, one_always
from tests.faults.test_every_point import end_leases
from tests.faults.worker import check_worker

__all__ = ["backed_up"]

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.xdist_group("fault-drills")]

# Slow in the drill alone: a check that sleeps while pg_restore loads the rows.
SLOW = (
    "CREATE FUNCTION slow() RETURNS boolean LANGUAGE sql AS $$"
    " SELECT pg_sleep(CASE current_setting('application_name')"
    " WHEN 'holdfast:drill' THEN 60 ELSE 0 END) IS NOT NULL $$",
    "CREATE TABLE slowly (n int CHECK (public.slow()))",
    "INSERT INTO slowly VALUES (1)",
)


def servers() -> list[psutil.Process]:
    """The throw-away servers' processes of this installation."""
    folder = str(drill_folder())
    return [
        process
        for process in psutil.process_iter(["name", "cwd"])
        if process.info["name"] == "postgres" and (process.info["cwd"] or "").startswith(folder)
    ]


def left() -> list[Path]:
    return list(drill_folder().glob("*"))


def outside_its_folder(process: psutil.Process) -> bool:
    """Whether it shares memory by files that would outlive it."""
    try:
        return any(one.path.startswith("/dev/shm/PostgreSQL.") for one in process.memory_maps())
    except psutil.NoSuchProcess:
        return False


def status_of(check: Check) -> str:
    check.refresh_from_db()
    return check.status


def test_there_are_points() -> None:
    assert len(IN_A_CHECK) >= 5


@pytest.mark.parametrize("point", one_always(IN_A_CHECK, "check.before-commit"))
def test_killed_at_a_point_of_a_check(backed_up: MakeBackup, operator: User, point: str) -> None:
    with backed_up(drill_every=0) as backup:
        level = "content" if point == "check.read" else "restore"
        check = request_check(backup=backup, actor=operator, level=level)
        # The supervisor dies with its runner: nobody is there who could clean up at once.
        with check_worker(check, fault=f"{point},supervisor.settling") as process:
            assert process.wait() == -signal.SIGKILL, process.said
        backup.refresh_from_db()
        assert backup.validation == Backup.Validation.GOOD
        wait_for(lambda: not servers(), seconds=10, what="the throw-away server is gone")
        end_leases()
        run_once()
        assert left() == []
        assert status_of(check) == "pending"
        with check_worker(check) as process:
            assert process.wait() == 0
        assert status_of(check) == "completed", (check.error, process.said)
        backup.refresh_from_db()
        assert backup.validation == ("good" if level == "content" else "proven")
        assert (left(), find_disagreements()) == ([], [])


@pytest.mark.exhaustive
def test_a_cancelled_drill_is_gone_within_three_seconds(
    backed_up: MakeBackup, operator: User
) -> None:
    with backed_up(*SLOW) as backup:
        check = backup.checks.get()
        with check_worker(check) as process:
            wait_for(lambda: "restore" in running_stages(check), seconds=30, what="it restores")
            wait_for(lambda: bool(servers()), seconds=5, what="its server runs")
            assert not any(map(outside_its_folder, servers()))
            cancel_check(check=check, actor=operator)
            wait_for(
                lambda: status_of(check) == "cancelled", seconds=3, what="the drill is cancelled"
            )
            wait_for(lambda: not servers(), seconds=3, what="the server is gone")
            assert process.wait() == 0
        assert left() == []
        backup.refresh_from_db()
        assert backup.validation == Backup.Validation.GOOD


def running_stages(check: Check) -> list[str]:
    assert check.file is not None
    return list(check.file.stages.filter(status="in_progress").values_list("key", flat=True))
