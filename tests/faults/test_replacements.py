"""Replacements that die: under the name is the original, whole, or the new one; never none."""

import signal

import psutil
import pytest

from access.models import User
from config.tick import run_once
from restores.kept.asking import confirm_restore, undo_restore
from restores.models import Restore
from restores.requesting import cancel_restore, request_restore
from tests.backups.checks.conftest import MakeBackup, backed_up
from tests.backups.servers import TestServer
from tests.cast import admin
from tests.config.waiting import wait_for
from tests.faults.points import (
    IN_A_GUARD,
    IN_A_RESTORE,
    IN_A_SETTLING,
    IN_A_SWAP,
    IN_AN_ERRAND,
    every,
    one_always,
)
from tests.faults.target_server import kill, mortal_server, revive
from tests.faults.test_every_point import end_leases
from tests.faults.test_restores import status_of
from tests.faults.worker import (
    ERRAND_WORKER,
    TICK,
    Process,
    restore_worker,
    tree_of,
)
from tests.processes import state_of
from tests.restores.replacing.shop import NOW, THEN, asked, changed_shop, rows_in
from tests.restores.test_restore import databases, new_name, restore_here, wish
from tests.running import run_here

__all__ = ["admin", "backed_up"]

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.xdist_group("fault-replacements"),
]

# Asked for with two jobs: in parallel a restore comes past every point.
IN_A_REPLACEMENT = [*IN_A_RESTORE, *IN_A_SWAP]


def under_the_name(server: TestServer, name: str) -> int:
    """How many rows: of the original, or of the backup, and never anything else."""
    found = rows_in(server, name)
    assert found in (NOW, THEN)
    return found


def carry_on(restore: Restore) -> None:
    """What an installation does by itself."""
    end_leases()
    run_once()
    if status_of(restore) == "pending":
        with restore_worker(restore) as process:
            assert process.wait() == 0, process.said
        run_once()


def carry_on_with_errand(restore: Restore) -> None:
    Restore.objects.filter(pk=restore.pk).update(errand_tried_at=None)
    process = Process(ERRAND_WORKER, str(restore.pk))
    assert process.wait() == 0, process.said
    restore.refresh_from_db()


def assert_replaced_and_undone(
    restore: Restore, server: TestServer, before: set[str], admin: User
) -> None:
    name = restore.target_name
    assert status_of(restore) == "completed", restore.error
    assert under_the_name(server, name) == THEN
    assert databases(server) - before == {restore.kept_name}
    undo_restore(restore=restore, actor=admin)
    carry_on_with_errand(restore)
    assert (restore.status, restore.errand) == ("undone", ""), restore.errand_error
    assert under_the_name(server, name) == NOW
    assert databases(server) - before == {restore.kept_name}


@pytest.mark.parametrize("point", one_always(IN_A_REPLACEMENT, "restore.published"))
def test_killed_at_a_point_of_a_replacement(
    backed_up: MakeBackup, server: TestServer, operator: User, admin: User, point: str
) -> None:
    with changed_shop(backed_up, server) as backup:
        before = databases(server)
        restore = asked(backup, operator, jobs=2)
        with restore_worker(restore, fault=f"{point},supervisor.settling") as process:
            assert process.wait() == -signal.SIGKILL, process.said
        under_the_name(server, restore.target_name)
        carry_on(restore)
        assert_replaced_and_undone(restore, server, before, admin)


@pytest.mark.exhaustive
@pytest.mark.parametrize("point", sorted(IN_A_REPLACEMENT))
def test_the_target_server_dies_at_a_point_of_a_replacement(
    backed_up: MakeBackup, operator: User, admin: User, point: str
) -> None:
    with mortal_server() as server, changed_shop(on(server, backed_up), server) as backup:
        before = databases(server)
        restore = asked(backup, operator, jobs=2)
        with restore_worker(restore, fault=f"{point}=stop") as process:
            runner = halted_child(process)
            kill(server)
            runner.send_signal(signal.SIGCONT)
            assert process.wait() == 0, process.said
        assert status_of(restore) in ("failed", "running", "completed")
        revive(server)
        run_once()
        was_swapped = status_of(restore) == "completed"
        assert restore.status in ("failed", "completed"), restore.error
        assert under_the_name(server, restore.target_name) == (THEN if was_swapped else NOW)
        if was_swapped:
            assert_replaced_and_undone(restore, server, before, admin)
        else:
            assert databases(server) == before


@pytest.mark.exhaustive
@pytest.mark.parametrize("mode", ["new", "replace"])
@pytest.mark.parametrize("when", ["while its lease holds", "before the next attempt"])
def test_a_cancel_after_the_names_have_changed_is_too_late(
    backed_up: MakeBackup, server: TestServer, operator: User, admin: User, mode: str, when: str
) -> None:
    with changed_shop(backed_up, server) as backup, new_name(server) as name:
        before = databases(server)
        restore = (
            asked(backup, operator, jobs=2)
            if mode == "replace"
            else request_restore(wish=wish(backup, name), actor=operator)
        )
        with restore_worker(restore, fault="restore.published,supervisor.settling") as process:
            assert process.wait() == -signal.SIGKILL, process.said
        if when == "before the next attempt":
            end_leases()
            run_once()
            assert status_of(restore) == "pending"
        cancel_restore(restore=restore, actor=operator)
        # Nobody says "cancelled" of what may be there under its name.
        assert status_of(restore) == "running"
        end_leases()
        run_once()
        assert status_of(restore) == "completed"
        assert restore.registered is not None
        assert restore.file is not None
        restore.file.refresh_from_db()
        assert restore.file.status == "completed"
        assert rows_in(server, restore.target_name) == THEN
        if mode == "replace":
            assert_replaced_and_undone(restore, server, before, admin)


@pytest.mark.exhaustive
def test_a_cancel_before_the_names_change_leaves_all_as_it_was(
    backed_up: MakeBackup, server: TestServer, operator: User
) -> None:
    with changed_shop(backed_up, server) as backup:
        before = databases(server)
        restore = asked(backup, operator, jobs=2)
        with restore_worker(restore, fault="swap.renamed,supervisor.settling") as process:
            assert process.wait() == -signal.SIGKILL, process.said
        cancel_restore(restore=restore, actor=operator)
        end_leases()
        run_once()
        assert (status_of(restore), restore.kept_name) == ("cancelled", "")
        assert databases(server) == before
        assert under_the_name(server, restore.target_name) == NOW


@pytest.mark.exhaustive
@pytest.mark.parametrize("point", every([*IN_A_SWAP, *IN_AN_ERRAND], "undo.swapped"))
def test_killed_at_a_point_of_an_undo_or_a_drop(
    backed_up: MakeBackup, server: TestServer, operator: User, admin: User, point: str
) -> None:
    with changed_shop(backed_up, server) as backup:
        before = databases(server)
        restore = restore_here(asked(backup, operator, jobs=2))
        assert restore.status == "completed"
        drops = point.startswith("kept.")
        if drops:
            confirm_restore(restore=restore, actor=operator)
        else:
            undo_restore(restore=restore, actor=admin)
        process = Process(ERRAND_WORKER, str(restore.pk), fault=point)
        assert process.wait() == -signal.SIGKILL, process.said
        under_the_name(server, restore.target_name)
        carry_on_with_errand(restore)
        assert (restore.errand, restore.errand_error) == ("", "")
        assert under_the_name(server, restore.target_name) == (THEN if drops else NOW)
        assert databases(server) - before == ({restore.kept_name} - {""})


@pytest.mark.exhaustive
@pytest.mark.parametrize("point", sorted(IN_A_SETTLING))
def test_the_tick_is_killed_while_it_settles(
    backed_up: MakeBackup, server: TestServer, operator: User, point: str
) -> None:
    with changed_shop(backed_up, server) as backup:
        restore = asked(backup, operator, jobs=2)
        with restore_worker(restore, fault="restore.published,supervisor.settling") as process:
            assert process.wait() == -signal.SIGKILL, process.said
        cancel_restore(restore=restore, actor=operator)
        end_leases()
        run_once_killed_at(point)
        run_once()
        assert status_of(restore) == "completed"
        assert under_the_name(server, restore.target_name) == THEN


@pytest.mark.exhaustive
@pytest.mark.parametrize("point", sorted(IN_A_GUARD))
def test_the_tick_is_killed_when_the_safety_backup_is_good(
    backed_up: MakeBackup, server: TestServer, operator: User, point: str
) -> None:
    with changed_shop(backed_up, server) as backup:
        restore = asked(backup, operator, safety_backup=True, jobs=2)
        assert restore.safety is not None
        run_here(backup_id=restore.safety.pk)
        run_once_killed_at(point)
        run_once()
        assert restore_here(restore).status == "completed"


def run_once_killed_at(point: str) -> None:
    tick = Process(TICK, fault=point)
    assert tick.wait() == -signal.SIGKILL, tick.said


def on(server: TestServer, backed_up: MakeBackup) -> MakeBackup:
    """The same way to a backup, of a database on this server."""
    return lambda *statements, **options: backed_up(*statements, server=server, **options)


def halted_child(process: Process) -> psutil.Process:
    found: list[psutil.Process] = []

    def look() -> bool:
        found[:] = [one for one in tree_of(process) if state_of(one) == psutil.STATUS_STOPPED]
        return bool(found)

    wait_for(look, seconds=30, what="the runner is at the point")
    return found[0]
