"""Roles that a backup holds: made where they are missing, without login, powers or passwords."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import orjson
import pytest
from psycopg import sql

from access.models import AuditEntry, User
from backups.models import Backup
from monitoring.files.models import LogLine
from restores.errors import Blocked
from restores.requesting import request_restore
from tests.backups.checks.conftest import MakeBackup
from tests.backups.servers import PASSWORD, TestServer, started_server
from tests.choice import first_of
from tests.restores.test_options import ask, checks
from tests.restores.test_restore import new_name, restore_here, wish

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.xdist_group("restores")]

HERE = ("g_readers", "g_writer", "g_boss", "g_there")
MAKES = (
    "CREATE ROLE g_readers NOLOGIN CREATEDB",
    "CREATE ROLE g_writer LOGIN NOINHERIT CONNECTION LIMIT 3 PASSWORD 'never in a manifest'"
    " VALID UNTIL '2031-01-01 00:00+00' IN ROLE g_readers",
    "CREATE ROLE g_boss SUPERUSER LOGIN",
    "CREATE ROLE g_there CONNECTION LIMIT 5",
    "GRANT g_writer TO g_there",
    'ALTER ROLE g_writer SET search_path = sales, "$user"',
    "ALTER ROLE g_writer SET session_preload_libraries = '/tmp/evil'",
    "ALTER ROLE g_writer SET log_statement = 'all'",
    "COMMENT ON ROLE g_writer IS 'it''s a writer'",
)


@pytest.fixture(autouse=True)
def source_roles(server: TestServer) -> Iterator[None]:
    server.execute(*MAKES)
    yield
    drop(server, *HERE)


def drop(server: TestServer, *names: str) -> None:
    with server.connect() as connection:
        for name in names:
            connection.execute(sql.SQL("DROP ROLE IF EXISTS {}").format(sql.Identifier(name)))


def facts(server: TestServer, name: str) -> Any:
    return ask(
        server,
        "postgres",
        "SELECT rolcanlogin, rolsuper, rolinherit, rolcreatedb, rolconnlimit, rolpassword,"
        " rolvaliduntil = '2031-01-01 00:00+00',"
        " (SELECT setconfig FROM pg_db_role_setting WHERE setrole = a.oid),"
        " shobj_description(oid, 'pg_authid'),"
        " ARRAY(SELECT r.rolname::text FROM pg_auth_members m JOIN pg_roles r ON r.oid = m.roleid"
        f" WHERE m.member = a.oid) FROM pg_authid a WHERE rolname = '{name}'",
    )


def with_globals(backup: Backup, name: str, operator: User, **options: Any) -> list[str]:
    """What was said of what could not be done."""
    asked = wish(backup, name, with_globals=True, **options)
    restore = restore_here(request_restore(wish=asked, actor=operator))
    assert (restore.status, restore.error) == ("completed", "")
    lines = LogLine.objects.filter(file=restore.file, level="warning").order_by("pk")
    return [line.message for line in lines]


@pytest.mark.parametrize("server", first_of(17, 15, 18), indirect=True)
def test_what_is_missing_is_made_and_nothing_else_is_changed(
    backed_up: MakeBackup, server: TestServer, operator: User
) -> None:
    with backed_up(drill_every=0, include_globals=True) as backup, new_name(server) as name:
        manifest = orjson.dumps(backup.manifest).decode()
        assert "never in a manifest" not in manifest and "SCRAM" not in manifest
        drop(server, "g_writer", "g_readers", "g_boss")
        looked = checks(backup, operator, with_globals=True)["globals"]
        assert looked.level == "warning"
        assert "g_boss, g_readers, g_writer" in looked.message
        assert "Without their powers: g_boss (superuser)" in looked.message
        before = facts(server, "g_there")
        said = with_globals(backup, name, operator)
        assert facts(server, "g_there") == before
        assert facts(server, "g_boss") == [
            (False, False, True, False, -1, None, None, None, None, [])
        ]
        assert facts(server, "g_readers")[0][3]
        path = ['search_path=sales, "$user"']
        assert facts(server, "g_writer") == [
            (False, False, False, False, 3, None, True, path, "it's a writer", ["g_readers"])
        ]
        # Who was there before got no membership, either.
        assert facts(server, "g_there")[0][-1] == []
        assert "g_boss was made without superuser." in said
        for setting in ("session_preload_libraries", "log_statement"):
            assert f"g_writer was made without its setting {setting}." in said
        [made] = AuditEntry.objects.filter(action="restore.roles_made")
        assert made.changes["roles"] == ["g_boss", "g_readers", "g_writer"]
        assert checks(backup, operator, with_globals=True)["globals"].level == "ok"


@pytest.mark.exhaustive
def test_a_backup_without_them(backed_up: MakeBackup, operator: User) -> None:
    with backed_up(drill_every=0) as backup:
        assert "globals" not in (backup.manifest or {})["contents"]
        looked = checks(backup, operator, with_globals=True)["globals"]
        assert (looked.level, "include_globals" in looked.message) == ("warning", True)


def test_a_user_who_may_not_and_a_manifest_that_says_anything(
    backed_up: MakeBackup, server: TestServer, operator: User
) -> None:
    with backed_up(drill_every=0, include_globals=True) as backup:
        drop(server, "g_writer")
        server.execute(
            f"CREATE ROLE g_low LOGIN CREATEDB PASSWORD '{PASSWORD.replace(chr(39), chr(39) * 2)}'"
        )
        try:
            low = server.registered(
                "postgres", company=backup.company, name="low", username="g_low"
            )
            low.save()
            asked = wish(backup, "fresh", with_globals=True, keep_owners=False)
            with pytest.raises(Blocked) as refused:
                request_restore(wish=replace(asked, server=low), actor=operator)
            levels = {one.code: one.level for one in refused.value.checks}
            assert levels["globals"] == "blocking"
        finally:
            drop(server, "g_low")
        # A manifest that was found in a storage may say anything.
        contents = (backup.manifest or {})["contents"]
        wrong: list[Any] = ["x", {"roles": [{}]}, {"roles": [], "memberships": "y"}]
        for broken in wrong:
            contents["globals"] = broken
            backup.save(update_fields=["manifest"])
            assert checks(backup, operator, with_globals=True)["globals"].level == "warning"


@pytest.mark.exhaustive
def test_owners_come_with_them(backed_up: MakeBackup, server: TestServer, operator: User) -> None:
    """Elsewhere, where nobody knows them: no other choice has to be made."""
    elsewhere = started_server(18)
    made = ("CREATE TABLE t (n int)", "ALTER TABLE t OWNER TO g_writer")
    with backed_up(*made, drill_every=0, include_globals=True) as backup:
        there = elsewhere.registered("postgres", company=backup.company, name="there")
        there.save()
        with new_name(elsewhere) as name:
            asked = replace(wish(backup, name), server=there)
            with pytest.raises(Blocked):
                request_restore(wish=asked, actor=operator)
            asked = replace(wish(backup, name, with_globals=True), server=there)
            restore = restore_here(request_restore(wish=asked, actor=operator))
            assert (restore.status, restore.error) == ("completed", "")
            owners = "SELECT tableowner::text FROM pg_tables WHERE tablename = 't'"
            assert ask(elsewhere, name, owners) == [("g_writer",)]
        [entry] = AuditEntry.objects.filter(action="restore.roles_made")
        drop(elsewhere, *entry.changes["roles"])
