"""Killed while a file comes in, or while its guest is on the server: nothing of either stays."""

import signal

import pytest

from access.models import Company, User
from config.tick import run_once
from restores.kept.asking import undo_restore
from restores.received import places
from restores.received.models import ReceivedFile
from restores.requesting import request_restore
from tests.backups.servers import TestServer
from tests.cast import admin
from tests.faults.points import IN_A_FILE, every
from tests.faults.test_every_point import end_leases
from tests.faults.worker import Process, restore_worker
from tests.restores.received.dumps import EXPECTED, dump, outside, wish
from tests.restores.received.test_owners import OWNER, owners_in
from tests.restores.received.test_replacing import asked, has_table, shop
from tests.restores.received.test_restoring import roles
from tests.restores.replacing.shop import carry_out_errand
from tests.restores.test_restore import databases, new_name

__all__ = ["admin"]

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.xdist_group("fault-restores")]

RECEIVE = """
import sys, django
django.setup()
from access.models import Company, User
from restores.received.services import receive_file
receive_file(
    company=Company.objects.get(), actor=User.objects.get(username="otto"),
    name="shop.dump", blocks=[b"x" * 1000] * 10,
)
"""


@pytest.mark.exhaustive
@pytest.mark.parametrize("point", sorted(one for one in IN_A_FILE if "outside" in one))
def test_killed_while_a_guest_is_there(
    server: TestServer, company: Company, operator: User, point: str
) -> None:
    target = server.registered("postgres", company=company, name="shop")
    target.save()
    if OWNER not in roles(server):
        server.execute(f"CREATE ROLE {OWNER} LOGIN")
    before = databases(server), roles(server)
    source = outside(company, operator, dump(17, "directory"))
    with new_name(server) as name:
        restore = request_restore(
            wish=wish(target, source, name, keep_owners=False, role=OWNER, jobs=2), actor=operator
        )
        with restore_worker(restore, fault=f"{point},supervisor.settling") as process:
            assert process.wait() == -signal.SIGKILL, process.said
        end_leases()
        run_once()
        assert (databases(server), roles(server)) == before
        assert not list(places.folder().glob("work-*"))
        with restore_worker(restore) as process:
            assert process.wait() == 0
        restore.refresh_from_db()
        assert (restore.status, restore.error) == ("completed", "")
        assert restore.counted == EXPECTED
        assert owners_in(server, name) == {OWNER}
        assert roles(server) == before[1]


@pytest.mark.exhaustive
@pytest.mark.parametrize(
    "point", every([one for one in IN_A_FILE if "received" in one], "received.named")
)
def test_killed_while_a_file_comes_in(operator: User, point: str) -> None:
    assert operator
    run_once()
    before = set(places.folder().iterdir())
    process = Process(RECEIVE, fault=point)
    assert process.wait() == -signal.SIGKILL, process.said
    assert set(places.folder().iterdir()) != before
    run_once()
    assert set(places.folder().iterdir()) == before
    assert not ReceivedFile.objects.exists()


@pytest.mark.exhaustive
@pytest.mark.parametrize("point", ["swap.renamed", "restore.published", "outside.giving"])
def test_killed_while_a_file_takes_a_place(
    server: TestServer, company: Company, operator: User, admin: User, point: str
) -> None:
    if OWNER not in roles(server):
        server.execute(f"CREATE ROLE {OWNER} LOGIN")
    with shop(server, company) as here:
        before, name = roles(server), here.database_name
        restore = asked(here, operator, dump(17, "custom"))
        with restore_worker(restore, fault=f"{point},supervisor.settling") as process:
            assert process.wait() == -signal.SIGKILL, process.said
        # Under the name is the old one or the new one.
        assert has_table(server, name, "old") != has_table(server, name, "customers")
        end_leases()
        run_once()
        with restore_worker(restore) as process:
            assert process.wait() == 0
        restore.refresh_from_db()
        assert (restore.status, restore.error) == ("completed", "")
        assert has_table(server, name, "customers")
        assert has_table(server, restore.kept_name, "old")
        assert roles(server) == before
        undo_restore(restore=restore, actor=admin)
        assert carry_out_errand(restore).status == "undone"
        assert has_table(server, name, "old")
