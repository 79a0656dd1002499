"""A database is replaced by a backup: compared first, swapped at once, the old one kept."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
import pytest

from access.models import AuditEntry, User
from backups.errors import BadOption
from restores.kept.asking import confirm_restore, undo_restore
from restores.models import Restore
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


@contextmanager
def coming_back(server: TestServer, name: str, people: int = 4) -> Iterator[list[str]]:
    """Sessions that are on the database, and connect again as soon as they are ended."""
    done, said = threading.Event(), list[str]()

    def stay() -> None:
        while not done.is_set():
            try:
                with server.connect(name) as connection:
                    while not done.wait(0.01):
                        connection.execute("SELECT 1")
            except psycopg.Error as error:
                said.append(str(error))

    threads = [threading.Thread(target=stay) for _ in range(people)]
    for thread in threads:
        thread.start()
    try:
        yield said
    finally:
        done.set()
        for thread in threads:
            thread.join()


@pytest.mark.parametrize(
    "server", [pytest.param(15, marks=pytest.mark.exhaustive), 17,
               pytest.param(18, marks=pytest.mark.exhaustive)], indirect=True
)  # fmt: skip
def test_replaced_undone_and_confirmed_while_people_work(
    backed_up: MakeBackup, server: TestServer, operator: User, admin: User
) -> None:
    with changed_shop(backed_up, server) as backup:
        name = backup.database.database_name
        before = databases(server)
        with coming_back(server, name) as said:
            restore = restore_here(asked(backup, operator))
            assert (restore.status, restore.error) == ("completed", "")
            assert said
        assert rows_in(server, name) == THEN
        assert rows_in(server, restore.kept_name) == NOW
        assert restore.kept_name.startswith(f"{name}_before_")
        assert databases(server) - before == {restore.kept_name}
        assert restore.registered == backup.database
        kept = restore.kept_name
        undo_restore(restore=restore, actor=admin)
        with coming_back(server, name):
            restore = carry_out_errand(restore)
        assert (restore.status, restore.errand_error) == ("undone", "")
        assert rows_in(server, name) == NOW
        assert rows_in(server, restore.kept_name) == THEN
        assert kept not in databases(server)
        confirm_restore(restore=restore, actor=operator)
        restore = carry_out_errand(restore)
        assert (restore.kept_name, restore.errand, restore.status) == ("", "", "undone")
        assert databases(server) == before
        done = AuditEntry.objects.exclude(action="secret.used").order_by("id")
        actions = list(done.values_list("action", flat=True))
        assert actions[-6:] == [
            *("restore.requested", "restore.completed", "restore.undo_asked", "restore.undone"),
            *("restore.confirmed", "restore.kept_dropped"),
        ]


def test_the_name_has_to_be_typed(
    backed_up: MakeBackup, server: TestServer, operator: User
) -> None:
    with changed_shop(backed_up, server) as backup:
        for confirm in ("", backup.database.database_name.upper(), "shop"):
            with pytest.raises(BadOption) as refused:
                asked(backup, operator, confirm=confirm)
            assert refused.value.option == "confirm"
        for days in (0, 100_000):
            with pytest.raises(BadOption):
                asked(backup, operator, keep_old_days=days)
        assert not Restore.objects.exists()
