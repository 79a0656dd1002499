"""Parts of a file from elsewhere, and several jobs for one: where its format permits it."""

from typing import Any

import pytest

from access.models import User
from backups.errors import BadOption, NothingMatches
from backups.models import Database
from restores.errors import Blocked
from restores.models import Restore
from restores.requesting import look_first, request_restore
from tests.backups.servers import TestServer
from tests.choice import first_of
from tests.restores.received.dumps import EXPECTED, dump, dump_of, outside, wish
from tests.restores.received.test_restoring import roles, target
from tests.restores.test_restore import databases, new_name, restore_here

__all__ = ["target"]

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.xdist_group("restores")]

PLACES = (
    "CREATE SCHEMA sales",
    "CREATE TABLE sales.regions (id int PRIMARY KEY)",
    "CREATE TABLE sales.orders (id serial PRIMARY KEY, region int REFERENCES sales.regions)",
    "INSERT INTO sales.regions VALUES (1)",
    "INSERT INTO sales.orders (region) SELECT 1 FROM generate_series(1, 7)",
    "CREATE INDEX ON sales.orders (region)",
    "CREATE TABLE beside (n int)",
)


def asked(server: Database, actor: User, body: bytes, name: str, **options: Any) -> Restore:
    source = outside(server.company, actor, body)
    return restore_here(request_restore(wish=wish(server, source, name, **options), actor=actor))


@pytest.mark.parametrize("format_name", first_of("custom", "directory", "tar"))
def test_some_tables_come_with_what_they_need(
    target: Database, server: TestServer, operator: User, format_name: str
) -> None:
    with server.database(*PLACES) as made:
        body = dump_of(server, made.database_name, format_name)
    with new_name(server) as name:
        restore = asked(target, operator, body, name, tables=["sales.orders"])
        assert (restore.status, restore.error) == ("completed", "")
        assert restore.counted == {"sales.orders": 7}
        with server.connect(name) as connection:
            row = connection.execute(
                "SELECT count(*) FROM pg_indexes WHERE schemaname = 'sales'"
            ).fetchone()
            assert row == (2,)
        assert restore.file is not None
        said = "Left out, for its other table is not brought"
        assert restore.file.log_lines.filter(message__startswith=said).exists()


@pytest.mark.exhaustive
def test_a_schema_that_the_archive_does_not_make(
    target: Database, server: TestServer, operator: User
) -> None:
    """pg_dump --table writes no entry for the schema."""
    with server.database(*PLACES) as made:
        body = dump_of(server, made.database_name, "custom", "--table=sales.regions")
    with new_name(server) as name:
        restore = asked(target, operator, body, name, schemas=["sales"])
        assert (restore.status, restore.error) == ("completed", "")
        assert restore.counted == {"sales.regions": 1}


@pytest.mark.exhaustive
@pytest.mark.parametrize("format_name", ["directory", "custom", "tar"])
def test_several_jobs_and_no_rows(
    target: Database, server: TestServer, operator: User, format_name: str
) -> None:
    with new_name(server) as name:
        restore = asked(target, operator, dump(17, format_name), name, jobs=3)
        assert (restore.status, restore.error) == ("completed", "")
        assert restore.counted == EXPECTED
        assert was_parallel(restore)
    with new_name(server) as name:
        restore = asked(target, operator, dump(17, format_name), name, schema_only=True)
        assert (restore.status, restore.error) == ("completed", "")
        assert restore.counted == dict.fromkeys(EXPECTED, 0)


@pytest.mark.exhaustive
def test_custom_in_several_jobs(target: Database, server: TestServer, operator: User) -> None:
    with new_name(server) as name:
        restore = asked(target, operator, dump(17, "custom"), name, jobs=2, tables=["customers"])
        assert (restore.status, restore.error) == ("completed", "")
        assert restore.counted == {"public.customers": EXPECTED["public.customers"]}
        assert was_parallel(restore)


def was_parallel(restore: Restore) -> bool:
    assert restore.file is not None
    return restore.file.log_lines.filter(message__contains="launching item").exists()


def test_what_is_not_there_and_what_a_format_cannot(
    target: Database, server: TestServer, operator: User, admin: User
) -> None:
    before = databases(server), roles(server)
    body = dump(17, "custom")
    restore = asked(target, operator, body, "fresh", tables=["nothing_like_it"])
    assert (restore.status, restore.error_code) == ("failed", NothingMatches.code)
    plain = outside(target.company, admin, dump(17, "plain"), accept_plain_sql=True)
    parts: tuple[dict[str, Any], ...] = ({"tables": ["orders"]}, {"schema_only": True}, {"jobs": 2})
    for options in parts:
        with pytest.raises(Blocked):
            request_restore(wish=wish(target, plain, "fresh", **options), actor=admin)
    source = outside(target.company, operator, body)
    owners: tuple[dict[str, Any], ...] = ({"role_map": {"a": "b"}}, {"missing_roles": "create"})
    for options in owners:
        with pytest.raises(BadOption):
            look_first(wish=wish(target, source, "fresh", **options), actor=operator)
    assert (databases(server), roles(server)) == before
