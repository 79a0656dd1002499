"""What is told before a database is replaced, and what is in the way of it."""

from typing import Any

import pytest
from psycopg import sql

from access.models import User
from backups.engines import PreflightCheck, RestoreOptions
from backups.engines.postgres.connection import Server
from backups.engines.postgres.swap import elsewhere
from backups.errors import NoOtherDatabase
from backups.models import Backup
from backups.pages.failures import cure_of
from restores.errors import Blocked
from restores.replacing.wanted import Replacement
from restores.requesting import Wish, look_first, request_restore
from tests.backups.checks.conftest import MakeBackup
from tests.backups.servers import PASSWORD, TestServer
from tests.restores.replacing.shop import NOW, asked, changed_shop, replacement, rows_in
from tests.restores.test_restore import databases, restore_here

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.xdist_group("replacing")]


def looked(backup: Backup, actor: User, name: str = "", **changes: Any) -> dict[str, str]:
    wish = replacement(backup, **changes)
    if name:
        wish = Wish(backup, backup.database, name, RestoreOptions(), Replacement(name, **changes))
    return {one.code: one.level for one in look_first(wish=wish, actor=actor)}


def message(backup: Backup, actor: User, code: str) -> str:
    found: list[PreflightCheck] = look_first(wish=replacement(backup), actor=actor)
    return next(one.message for one in found if one.code == code)


def test_what_is_told(backed_up: MakeBackup, server: TestServer, operator: User) -> None:
    with changed_shop(backed_up, server) as backup:
        found = looked(backup, operator, safety_backup=True)
        assert "blocking" not in found.values()
        assert found["sessions"] == found["safety_backup"] == found["ownership"] == "ok"
        assert found["old_size"] == "ok"
        name = backup.database.database_name
        with server.connect(name) as connection:
            connection.execute("SET application_name = 'the till'")
            assert looked(backup, operator)["sessions"] == "warning"
            assert "the till (1)" in message(backup, operator, "sessions")
        server.execute("CREATE PUBLICATION news FOR ALL TABLES", database=name)
        assert "news" in message(backup, operator, "publications")
        for other in ("nowhere", "template1"):
            assert "blocking" in looked(backup, operator, other).values()
        # What a backup was never registered for has no safety backup.
        assert looked(backup, operator, "postgres", safety_backup=True)["safety_backup"] == (
            "blocking"
        )


def test_who_gets_into_no_other_database_is_told_so(server: TestServer) -> None:
    """From within a database its name cannot be changed."""
    secret = sql.Literal(PASSWORD).as_string(None)
    server.execute(f"CREATE ROLE shut LOGIN PASSWORD {secret}")
    others = "DATABASE postgres, template1"
    server.execute(f"REVOKE CONNECT ON {others} FROM PUBLIC")
    try:
        there = server.registered("shop", username="shut")
        with pytest.raises(NoOtherDatabase) as refused:
            elsewhere(Server.of(there), "shop")
        assert refused.value.code == "no_other_database"
        assert cure_of("no_other_database") != cure_of("permission_denied") != ""
        server.execute("GRANT CONNECT ON DATABASE postgres TO shut")
        assert elsewhere(Server.of(there), "shop").database == "postgres"
        server.execute("REVOKE CONNECT ON DATABASE postgres FROM shut")
    finally:
        server.execute(f"GRANT CONNECT ON {others} TO PUBLIC", "DROP ROLE shut")


@pytest.mark.exhaustive
def test_what_hangs_on_it_is_in_the_way_also_when_it_comes_late(
    backed_up: MakeBackup, server: TestServer, operator: User
) -> None:
    with changed_shop(backed_up, server) as backup:
        name = backup.database.database_name
        before = databases(server)
        subscription = (
            "CREATE SUBSCRIPTION news CONNECTION 'host=/nowhere' PUBLICATION news"
            " WITH (connect = false)"
        )
        restore = asked(backup, operator)
        server.execute(subscription, database=name)
        try:
            assert looked(backup, operator)["subscriptions"] == "blocking"
            with pytest.raises(Blocked):
                request_restore(wish=replacement(backup), actor=operator)
            restore = restore_here(restore)
            assert (restore.status, restore.error_code) == ("failed", "target_bound")
            assert databases(server) == before
            assert rows_in(server, name) == NOW
        finally:
            server.execute(
                "ALTER SUBSCRIPTION news SET (slot_name = NONE)",
                "DROP SUBSCRIPTION news",
                database=name,
            )


@pytest.mark.exhaustive
def test_a_slot_and_a_prepared_transaction_are_in_the_way(
    backed_up: MakeBackup, server: TestServer, operator: User
) -> None:
    with changed_shop(backed_up, server) as backup:
        name = backup.database.database_name
        for code, begin, end in (
            (
                "slots",
                "SELECT pg_create_logical_replication_slot('follower', 'pgoutput')",
                "SELECT pg_drop_replication_slot('follower')",
            ),
            (
                "prepared",
                "BEGIN; DELETE FROM plain; PREPARE TRANSACTION 'later'",
                "ROLLBACK PREPARED 'later'",
            ),
        ):
            server.execute(begin, database=name)
            try:
                assert looked(backup, operator)[code] == "blocking"
            finally:
                server.execute(end, database=name)
            assert code not in looked(backup, operator)
