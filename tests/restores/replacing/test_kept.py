"""What comes of the kept database: its date, and everything that is in the way of it."""

from datetime import timedelta

import pytest
from django.db.models.functions import Now

from access.models import User
from access.policy import NotAllowed
from backups.errors import NotReady
from config.tick import run_once
from monitoring.alerts.models import Alert
from restores.kept.asking import confirm_restore, undo_restore
from restores.kept.dates import drop_overdue
from restores.models import Restore
from restores.naming import kept_name
from tests.backups.checks.conftest import MakeBackup
from tests.backups.servers import TestServer
from tests.restores.replacing.shop import (
    NOW,
    THEN,
    asked,
    carry_out_errand,
    changed_shop,
    rows_in,
)
from tests.restores.test_restore import databases, restore_here

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.xdist_group("replacing")]


def its_date_comes(restore: Restore) -> Restore:
    Restore.objects.filter(pk=restore.pk).update(kept_until=Now() - timedelta(minutes=1))
    assert drop_overdue() == 1
    return carry_out_errand(restore)


def test_it_goes_when_its_date_comes_and_not_before(
    backed_up: MakeBackup, server: TestServer, operator: User
) -> None:
    with changed_shop(backed_up, server) as backup:
        before = databases(server)
        restore = restore_here(asked(backup, operator, keep_old_days=2))
        assert restore.kept_until is not None and restore.completed_at is not None
        assert restore.kept_until - restore.completed_at == timedelta(days=2)
        run_once()
        assert drop_overdue() == 0
        restore = its_date_comes(restore)
        assert (restore.kept_name, restore.errand) == ("", "")
        assert databases(server) == before
        assert rows_in(server, restore.target_name) == THEN


@pytest.mark.exhaustive
def test_it_stays_while_the_new_one_is_not_there(
    backed_up: MakeBackup, server: TestServer, operator: User, admin: User
) -> None:
    with changed_shop(backed_up, server) as backup:
        name = backup.database.database_name
        restore = restore_here(asked(backup, operator))
        server.execute(f'ALTER DATABASE "{name}" RENAME TO "{name}_away"')
        restore = its_date_comes(restore)
        assert restore.kept_until is not None and restore.errand == ""
        assert restore.kept_name in databases(server)
        assert Alert.objects.filter(rule="restore.errand_failed").count() == 1
        undo_restore(restore=restore, actor=admin)
        restore = carry_out_errand(restore)
        assert (restore.status, restore.errand) == ("completed", "")
        assert "is not what this restore has made" in restore.errand_error
        server.execute(f'ALTER DATABASE "{name}_away" RENAME TO "{name}"')
        undo_restore(restore=restore, actor=admin)
        assert carry_out_errand(restore).status == "undone"
        assert rows_in(server, name) == NOW


@pytest.mark.exhaustive
def test_what_only_looks_like_the_kept_one_is_not_dropped(
    backed_up: MakeBackup, server: TestServer, operator: User
) -> None:
    with changed_shop(backed_up, server) as backup:
        restore = restore_here(asked(backup, operator))
        kept = restore.kept_name
        for change in (
            f"COMMENT ON DATABASE \"{kept}\" IS 'mine now'",
            f'ALTER DATABASE "{kept}" RENAME TO "{kept}x"; CREATE DATABASE "{kept}"',
        ):
            for one in change.split("; "):
                server.execute(one)
            confirm_restore(restore=restore, actor=operator)
            restore = carry_out_errand(restore)
            assert "is not what was kept" in restore.errand_error
            assert kept in databases(server)


@pytest.mark.exhaustive
def test_two_in_a_row_are_undone_in_their_order(
    backed_up: MakeBackup, server: TestServer, operator: User, admin: User
) -> None:
    with changed_shop(backed_up, server) as backup:
        first = restore_here(asked(backup, operator))
        second = restore_here(asked(backup, operator))
        assert first.kept_name != second.kept_name or second.status == "failed"
        undo_restore(restore=first, actor=admin)
        first = carry_out_errand(first)
        assert (first.status, first.errand) == ("completed", "")
        undo_restore(restore=second, actor=admin)
        assert carry_out_errand(second).status == "undone"
        undo_restore(restore=first, actor=admin)
        assert carry_out_errand(first).status == "undone"
        assert rows_in(server, first.target_name) == NOW


def test_who_may_ask_and_when(
    backed_up: MakeBackup, server: TestServer, operator: User, admin: User, viewer: User
) -> None:
    with changed_shop(backed_up, server) as backup:
        restore = asked(backup, operator)
        for early in (undo_restore, confirm_restore):
            with pytest.raises(NotReady):
                early(restore=restore, actor=admin)
        restore = restore_here(restore)
        for verb, nobody in (
            (confirm_restore, viewer),
            (undo_restore, viewer),
            (undo_restore, operator),
        ):
            with pytest.raises(NotAllowed):
                verb(restore=restore, actor=nobody)
        undo_restore(restore=restore, actor=admin)
        with pytest.raises(NotReady):
            confirm_restore(restore=restore, actor=operator)


@pytest.mark.exhaustive
def test_an_undo_that_comes_too_late_is_not_done(
    backed_up: MakeBackup, server: TestServer, operator: User, admin: User
) -> None:
    with changed_shop(backed_up, server) as backup:
        restore = restore_here(asked(backup, operator))
        undo_restore(restore=restore, actor=admin)
        Restore.objects.filter(pk=restore.pk).update(errand_at=Now() - timedelta(minutes=11))
        restore = carry_out_errand(restore)
        assert (restore.status, restore.errand) == ("completed", "")
        assert rows_in(server, restore.target_name) == THEN


def test_a_long_name_is_cut_at_a_letter() -> None:
    from django.utils import timezone

    for name in ("shop", "ä" * 31, "x" * 63, "日" * 21):
        made = kept_name(name, "before", timezone.now())
        assert len(made.encode()) <= 63
        assert "_before_2" in made
