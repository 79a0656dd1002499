"""What belongs to a database and not to its content goes along, all of it, or nothing does."""

import secrets
from collections.abc import Iterator

import pytest
from psycopg import sql

from access.models import User
from backups.engines.postgres.connection import Server
from backups.engines.postgres.properties import Properties, _names, read_properties
from restores.kept.asking import undo_restore
from restores.requesting import look_first
from tests.backups.checks.conftest import MakeBackup
from tests.backups.servers import PASSWORD, TestServer
from tests.restores.replacing.shop import (
    NOW,
    asked,
    carry_out_errand,
    changed_shop,
    replacement,
    rows_in,
)
from tests.restores.test_restore import databases, restore_here

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.xdist_group("replacing")]

FAR = ["pg_catalog", "two words", 'a "quoted" one', "Case", "$user"]


@pytest.fixture
def roles(server: TestServer) -> Iterator[dict[str, str]]:
    """An owner, somebody with a right to pass on, who got it from them, and a plain user."""
    found = {name: f"{name}_{secrets.token_hex(4)}" for name in ("owner", "lead", "clerk", "user")}
    word = PASSWORD.replace("'", "''")
    for role in found.values():
        server.execute(f"CREATE ROLE {role} LOGIN PASSWORD '{word}'")
    yield found
    for role in reversed(found.values()):
        server.execute(f"DROP OWNED BY {role}", f"DROP ROLE {role}")


def dressed(server: TestServer, name: str, roles: dict[str, str]) -> Properties:
    path = ", ".join("'" + one.replace("'", "''") + "'" for one in FAR)
    database = sql.Identifier(name).as_string()
    server.execute(
        f"ALTER DATABASE {database} OWNER TO {roles['owner']}",
        f"REVOKE ALL ON DATABASE {database} FROM PUBLIC",
        f"REVOKE TEMPORARY ON DATABASE {database} FROM {roles['owner']}",
        f"GRANT CONNECT ON DATABASE {database} TO {roles['lead']} WITH GRANT OPTION",
        f"SET ROLE {roles['lead']}; GRANT CONNECT ON DATABASE {database} TO {roles['clerk']};"
        " RESET ROLE",
        f"ALTER DATABASE {database} CONNECTION LIMIT 17",
        f"ALTER DATABASE {database} SET search_path TO {path}",
        f"ALTER DATABASE {database} SET work_mem TO '7MB'",
        f"ALTER DATABASE {database} SET app.motto TO 'it''s = \"so\", \\ and ö'",
        f"ALTER DATABASE {database} SET default_transaction_read_only TO on",
        f"ALTER ROLE {roles['clerk']} IN DATABASE {database} SET statement_timeout TO '3s'",
        f"COMMENT ON DATABASE {database} IS 'The shop''s own'",
    )
    with server.connect() as session:
        return read_properties(session, name)


def test_all_of_them_go_along_and_come_back(
    backed_up: MakeBackup,
    server: TestServer,
    operator: User,
    admin: User,
    roles: dict[str, str],
) -> None:
    with changed_shop(backed_up, server) as backup:
        name = backup.database.database_name
        wanted = dressed(server, name, roles)
        assert wanted.grants is not None and len(wanted.settings) == 5
        assert {grant.grantee for grant in wanted.grants} == {
            *(roles["owner"], roles["lead"], roles["clerk"]),
        }
        restore = restore_here(asked(backup, operator))
        assert (restore.status, restore.error) == ("completed", "")
        with server.connect() as session:
            assert read_properties(session, name) == wanted
            kept = read_properties(session, restore.kept_name)
            assert kept.comment == restore.note
        undo_restore(restore=restore, actor=admin)
        restore = carry_out_errand(restore)
        assert restore.status == "undone"
        with server.connect() as session:
            assert read_properties(session, name) == wanted


@pytest.mark.exhaustive
def test_what_the_user_cannot_carry_ends_it_before_anything_is_swapped(
    backed_up: MakeBackup, server: TestServer, operator: User, roles: dict[str, str]
) -> None:
    """An owner who may not set what an administrator of the server has set."""
    with changed_shop(backed_up, server) as backup:
        name = backup.database.database_name
        server.execute(
            f"ALTER ROLE {roles['user']} CREATEDB",
            f'ALTER DATABASE "{name}" OWNER TO {roles["user"]}',
            f"ALTER DATABASE \"{name}\" SET log_min_duration_statement TO '5s'",
        )
        before = databases(server)
        backup.database.username = roles["user"]
        backup.database.save()
        restore = restore_here(asked(backup, operator, owner="none"))
        assert (restore.status, restore.error_code) == ("failed", "properties_lost")
        assert databases(server) == before
        server.execute(f'ALTER DATABASE "{name}" RESET log_min_duration_statement')
        restore = restore_here(asked(backup, operator, owner="none"))
        assert (restore.status, restore.error) == ("completed", "")
        assert rows_in(server, restore.kept_name) == NOW


@pytest.mark.exhaustive
def test_who_does_not_own_it_is_told_beforehand(
    backed_up: MakeBackup, server: TestServer, operator: User, roles: dict[str, str]
) -> None:
    with changed_shop(backed_up, server) as backup:
        server.execute(f"ALTER ROLE {roles['user']} CREATEDB")
        backup.database.username = roles["user"]
        backup.database.save()
        checks = {one.code: one for one in look_first(wish=replacement(backup), actor=operator)}
        assert checks["ownership"].level == "blocking"
        assert Server.of(backup.database).user == roles["user"]


@pytest.mark.parametrize(
    ("value", "names"),
    [
        ('"$user", public', ["$user", "public"]),
        ('"a ""b"", c", d', ['a "b", c', "d"]),
        ("", []),
        ('"', [""]),
        ("one", ["one"]),
    ],
)
def test_a_list_of_names(value: str, names: list[str]) -> None:
    assert _names(value) == names
