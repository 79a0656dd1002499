"""Who restores what strangers wrote, on servers where our own user is a superuser and is not."""

import fcntl
import shutil
from datetime import timedelta

import pytest
from django.db.models.functions import Now

from access.models import AuditEntry, Company, User
from access.policy import NotAllowed
from backups.models import Database
from restores.errors import Blocked
from restores.models import Restore
from restores.received import places
from restores.received.models import ReceivedFile
from restores.received.services import expire_files
from restores.requesting import look_first, request_restore
from tests.backups.servers import PASSWORD, TestServer
from tests.restores.received.dumps import (
    EXPECTED,
    dump,
    dump_of,
    outside,
    received,
    restored,
    wish,
)
from tests.restores.received.test_restoring import roles, target
from tests.restores.test_restore import databases, new_name, restore_here

__all__ = ["target"]

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.xdist_group("restores")]

MAKER = "holdfast_maker"


@pytest.fixture
def maker(server: TestServer, company: Company) -> Database:
    """Reached by a user who may make databases and roles, and is no superuser."""
    if MAKER not in roles(server):
        server.execute(f"CREATE ROLE {MAKER} LOGIN CREATEDB CREATEROLE PASSWORD '{_quoted()}'")
    database = server.registered("postgres", company=company, name="maker", username=MAKER)
    database.save()
    return database


def _quoted() -> str:
    return PASSWORD.replace("'", "''")


@pytest.mark.parametrize(
    "server",
    [17, *(pytest.param(major, marks=pytest.mark.exhaustive) for major in (15, 18))],
    indirect=True,
)
def test_a_user_who_is_no_superuser_restores_and_cleans_up(
    maker: Database, server: TestServer, operator: User, admin: User
) -> None:
    body = dump(15, "custom")
    with new_name(server) as name:
        restore = restored(maker, operator, body, name)
        assert (restore.status, restore.error) == ("completed", "")
        assert restore.counted == EXPECTED
    before = databases(server), roles(server)
    hostile = dump(15, "plain").replace(
        b"\nCREATE TABLE", b"\nDO $$ BEGIN EXECUTE 'DROP ROLE x'; END $$;\nCREATE TABLE", 1
    )
    restore = restored(maker, admin, hostile, "fresh", accept_plain_sql=True)
    assert restore.status == "failed"
    assert (databases(server), roles(server)) == before


def test_a_user_who_may_make_no_roles_is_refused(
    server: TestServer, company: Company, operator: User
) -> None:
    if "only_databases" not in roles(server):
        server.execute(f"CREATE ROLE only_databases LOGIN CREATEDB PASSWORD '{_quoted()}'")
    here = server.registered("postgres", company=company, name="low", username="only_databases")
    here.save()
    source = outside(company, operator, dump(17, "custom"))
    with pytest.raises(Blocked) as refused:
        request_restore(wish=wish(here, source, "fresh"), actor=operator)
    found = {check.code: check for check in refused.value.checks}
    assert found["role"].level == "blocking"
    assert found["role"].message.endswith("ALTER ROLE only_databases CREATEROLE")
    # A dump tells nothing of the size that it comes to.
    assert found["free_space"].level == "warning"
    assert "how much it needs" in found["free_space"].message.lower()


@pytest.mark.exhaustive
def test_an_extension_of_superusers_needs_an_administrator(
    target: Database, server: TestServer, operator: User, admin: User
) -> None:
    with server.database("CREATE EXTENSION postgres_fdw", "CREATE TABLE t (n int)") as made:
        body = dump_of(server, made.database_name, "custom")
    company = target.company
    source = outside(company, admin, body)
    checks = {one.code: one for one in look_first(wish=wish(target, source, "x"), actor=operator)}
    assert checks["extensions"].level == "blocking"
    assert "postgres_fdw" in checks["extensions"].message
    with pytest.raises(NotAllowed):
        look_first(
            wish=wish(target, outside(company, admin, body, accept_extensions=True), "x"),
            actor=operator,
        )
    with new_name(server) as name:
        restore = restored(target, admin, body, name, accept_extensions=True)
        assert (restore.status, restore.error) == ("completed", "")
        assert restore.counted == {"public.t": 0}


def test_what_runs_later_runs_without_rights(
    target: Database, server: TestServer, operator: User
) -> None:
    """A function in an index runs as the table's owner, whoever analyzes it."""
    trap = (
        "CREATE TABLE trap (n int)",
        "CREATE FUNCTION who(int) RETURNS text LANGUAGE plpgsql IMMUTABLE AS"
        " $$ BEGIN RETURN current_user || (SELECT rolsuper FROM pg_roles"
        " WHERE rolname = current_user); END $$",
        "CREATE INDEX ON trap (who(n))",
        "INSERT INTO trap SELECT generate_series(1, 50)",
    )
    with server.database(*trap) as made:
        body = dump_of(server, made.database_name, "custom")
    with new_name(server) as name:
        assert restored(target, operator, body, name).status == "completed"
        server.execute("ANALYZE", database=name)
        with server.connect(name) as connection:
            row = connection.execute(
                "SELECT most_common_vals::text FROM pg_stats WHERE tablename = 'trap_who_idx'"
            ).fetchone()
            assert row is not None
            assert row[0].startswith("{holdfast_o_")
            assert "false" in row[0]


def test_a_file_that_changes_gives_no_database(
    target: Database, server: TestServer, operator: User
) -> None:
    source = outside(target.company, operator, dump(17, "custom"))
    before = databases(server), roles(server)
    restore = request_restore(wish=wish(target, source, "fresh"), actor=operator)
    assert source.received is not None
    place = places.place_of(source.received.pk)
    body = bytearray(place.read_bytes())
    body[-40] ^= 1
    place.write_bytes(body)
    restore = restore_here(restore)
    assert restore.status == "failed"
    assert restore.error_code in ("file_changed", "file_cut", "file_damaged")
    place.unlink()
    again = Restore.objects.get(pk=restore.pk)
    assert again.received is not None
    assert (databases(server), roles(server)) == before


def test_a_file_ends_after_a_day_unless_a_restore_wants_it(
    target: Database, operator: User
) -> None:
    wanted = outside(target.company, operator, dump(17, "custom"))
    forgotten = received(target.company, operator, b"x")
    request_restore(wish=wish(target, wanted, "fresh"), actor=operator)
    expire_files()
    assert places.place_of(forgotten.pk).exists()
    ReceivedFile.objects.update(expires_at=Now() - timedelta(seconds=1))
    expire_files()
    forgotten.refresh_from_db()
    assert forgotten.state == "expired"
    assert not places.place_of(forgotten.pk).exists()
    assert wanted.received is not None
    assert places.place_of(wanted.received.pk).exists()
    assert AuditEntry.objects.filter(action="restore.file_expired").count() == 1


@pytest.mark.exhaustive
@pytest.mark.django_db
def test_a_work_folder_of_a_dead_run_goes() -> None:
    dead, alive, foreign = (places.folder() / name for name in ("work-1-1", "work-2-1", "mine"))
    for folder in (dead, alive, foreign):
        (folder / "inside").mkdir(parents=True)
    with alive.with_suffix(".lock").open("wb") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        expire_files()
        assert [folder.exists() for folder in (dead, alive, foreign)] == [False, True, True]
    expire_files()
    assert [folder.exists() for folder in (dead, alive, foreign)] == [False, False, True]
    shutil.rmtree(foreign)
