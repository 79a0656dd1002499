"""Genuine dumps from elsewhere come back whole, by a role that may nothing else."""

import pytest

from access.models import AuditEntry, Company, User
from backups.models import Database
from restores.received import places
from tests.backups.servers import TestServer
from tests.restores.received.dumps import EXPECTED, dump, restored
from tests.restores.test_restore import databases, new_name

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.xdist_group("restores")]


@pytest.fixture
def target(server: TestServer, company: Company) -> Database:
    database = server.registered("postgres", company=company, name="shop")
    database.save()
    return database


def roles(server: TestServer) -> set[str]:
    with server.connect() as connection:
        return {row[0] for row in connection.execute("SELECT rolname FROM pg_roles").fetchall()}


def test_a_custom_dump_comes_back(target: Database, server: TestServer, operator: User) -> None:
    before, roles_before = databases(server), roles(server)
    with new_name(server) as name:
        restore = restored(target, operator, dump(17, "custom"), name)
        assert (restore.status, restore.error) == ("completed", "")
        assert restore.counted == EXPECTED
        assert (restore.tables, restore.rows) == (2, sum(EXPECTED.values()))
        assert restore.registered is not None
        assert databases(server) - before == {name}
        [owner] = roles(server) - roles_before
        assert owner.startswith("holdfast_o_")
        with server.connect(name) as connection:
            can = connection.execute(
                "SELECT rolcanlogin, rolsuper, rolcreatedb, rolcreaterole, rolpassword IS NULL"
                " FROM pg_authid WHERE rolname = %s",
                [owner],
            ).fetchone()
            assert can == (False, False, False, False, True)
            owners = connection.execute(
                "SELECT DISTINCT tableowner FROM pg_tables WHERE schemaname = 'public'"
            ).fetchall()
            assert owners == [(owner,)]
        actions = list(AuditEntry.objects.order_by("id").values_list("action", flat=True))
        assert actions[-3:] == ["restore.file_received", "restore.requested", "restore.completed"]


@pytest.mark.parametrize("format_name", ["tar", "directory"])
def test_a_tar_comes_back(
    target: Database, server: TestServer, operator: User, format_name: str
) -> None:
    with new_name(server) as name:
        restore = restored(target, operator, dump(17, format_name), name)
        assert (restore.status, restore.error) == ("completed", "")
        assert restore.counted == EXPECTED
        assert restore.received is not None
        assert not list(places.folder().glob("work-*"))
