"""A backup comes back as a new database, whole and compared, or nothing of it stays."""

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from django.db import transaction
from psycopg import sql

from access.models import AuditEntry, User
from access.policy import NotAllowed
from backups.copying.requesting import request_copy
from backups.deletion import delete_backup
from backups.engines import Difference, RestoreOptions
from backups.engines.postgres.target import PostgresRestoration
from backups.errors import NotReady
from backups.models import Backup
from monitoring.alerts.models import Alert
from monitoring.files.claims import ClaimLost
from monitoring.files.endings import cancel_file
from monitoring.files.models import LogLine
from restores.errors import Blocked
from restores.models import Restore
from restores.queueing import claim_restore
from restores.requesting import Wish, cancel_restore, look_first, request_restore
from restores.running import carry_out
from storage.models import StorageTarget
from tests.backups.checks.conftest import MakeBackup
from tests.backups.copying.conftest import copy_here, path_at, spoil
from tests.backups.fingerprints.test_fingerprints import SOURCE
from tests.backups.servers import TestServer
from tests.cast import make_backup
from tests.choice import first_of

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.xdist_group("restores")]


def restore_here(restore: Restore) -> Restore:
    claim = claim_restore(restore_id=restore.pk)
    assert claim is not None
    rows = Restore.objects.select_related("company", "file", "server__company", "backup")
    carry_out(restore=rows.get(pk=restore.pk), claim=claim)
    restore.refresh_from_db()
    return restore


@contextmanager
def new_name(server: TestServer) -> Iterator[str]:
    """A name for a new database, which is dropped at the end."""
    name = f"new_{secrets.token_hex(5)}"
    try:
        yield name
    finally:
        with server.connect() as connection:
            connection.execute(sql.SQL("DROP DATABASE IF EXISTS {}").format(sql.Identifier(name)))


def databases(server: TestServer) -> set[str]:
    with server.connect() as connection:
        return {row[0] for row in connection.execute("SELECT datname FROM pg_database").fetchall()}


def wish(backup: Backup, name: str, **options: Any) -> Wish:
    return Wish(backup, backup.database, name, RestoreOptions(**options))


@pytest.mark.parametrize("server", first_of(17, 15, 18), indirect=True)
def test_it_comes_back_as_a_new_database(
    backed_up: MakeBackup, server: TestServer, operator: User
) -> None:
    with backed_up(*SOURCE) as backup, new_name(server) as name:
        restore = restore_here(request_restore(wish=wish(backup, name), actor=operator))
        assert (restore.status, restore.error) == ("completed", "")
        assert restore.file is not None
        assert set(restore.file.stages.values_list("status", "progress")) == {("completed", 100)}
        with server.connect(name) as connection:
            row = connection.execute("SELECT count(*) FROM plain").fetchone()
            assert row == (1000,)
        assert restore.rows is not None and restore.rows > 1000
        registered = restore.registered
        assert registered is not None
        assert (registered.name, registered.database_name) == (name, name)
        assert registered.password == backup.database.password
        assert not any(one.startswith("holdfast_") for one in databases(server))
        actions = list(AuditEntry.objects.order_by("id").values_list("action", flat=True))
        assert actions[-3:] == ["restore.requested", "secret.used", "restore.completed"]


def test_the_preflight_touches_nothing_and_names_what_is_in_the_way(
    backed_up: MakeBackup, server: TestServer, operator: User
) -> None:
    before = databases(server)
    with backed_up() as backup:
        taken = backup.database.database_name
        checks = {one.code: one for one in look_first(wish=wish(backup, taken), actor=operator)}
        assert checks["target_exists"].level == "blocking"
        with pytest.raises(Blocked) as refused:
            request_restore(wish=wish(backup, taken), actor=operator)
        assert len(refused.value.checks) == len(checks)
        assert backup.manifest is not None
        marks = backup.manifest["contents"]["fingerprint"]
        marks["extensions"]["postgis"] = "3.4"
        marks["roles"].append("nobody here")
        contents = backup.manifest["contents"]
        contents.update(tool_major=server.major + 1, zstd_inside=False)
        checks = {one.code: one for one in look_first(wish=wish(backup, "fresh"), actor=operator)}
        for code, word in (("extensions", "postgis"), ("roles", "nobody here")):
            assert checks[code].level == "blocking"
            assert word in checks[code].message
        assert "roles" not in {
            one.code
            for one in look_first(wish=wish(backup, "fresh", keep_owners=False), actor=operator)
        }
        for name in ("", "x" * 64, "é" * 32):
            checks = {one.code: one for one in look_first(wish=wish(backup, name), actor=operator)}
            assert checks["name"].level == "blocking"
        Backup.objects.filter(pk=backup.pk).update(validation="corrupt")
        backup.refresh_from_db()
        checks = {one.code: one for one in look_first(wish=wish(backup, "fresh"), actor=operator)}
        assert checks["integrity"].level == "blocking"
        assert not Restore.objects.exists()
        assert databases(server) - before == {taken}


@pytest.mark.exhaustive
def test_without_owners_no_role_is_needed(
    backed_up: MakeBackup, server: TestServer, operator: User
) -> None:
    owned = ("CREATE ROLE gone", "CREATE TABLE owned (n int)", "ALTER TABLE owned OWNER TO gone")
    with backed_up(*owned) as backup, new_name(server) as name:
        server.execute("DROP OWNED BY gone", database=backup.database.database_name)
        server.execute("DROP ROLE gone")
        with pytest.raises(Blocked):
            request_restore(wish=wish(backup, name), actor=operator)
        asked = request_restore(wish=wish(backup, name, keep_owners=False), actor=operator)
        assert restore_here(asked).status == "completed"


def test_changed_bytes_give_no_database(
    backed_up: MakeBackup, server: TestServer, operator: User, storage_target: StorageTarget
) -> None:
    with backed_up() as backup, new_name(server) as name:
        path = Path(storage_target.options["folder"]) / backup.stored_objects.get().key
        body = bytearray(path.read_bytes())
        body[-50] ^= 1
        path.chmod(0o600)
        path.write_bytes(body)
        before = databases(server)
        restore = restore_here(request_restore(wish=wish(backup, name), actor=operator))
        assert (restore.status, restore.error_code) == ("failed", "corrupt")
        assert databases(server) == before
        assert Alert.objects.get().rule == "restore.failed"


def test_what_differs_gets_no_name(
    backed_up: MakeBackup, server: TestServer, operator: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    def differs(_self: PostgresRestoration, **_more: object) -> list[Difference]:
        return [Difference("table", "public.plain", "999 rows instead of 1000")]

    monkeypatch.setattr(PostgresRestoration, "compare", differs)
    with backed_up() as backup, new_name(server) as name:
        before = databases(server)
        restore = restore_here(request_restore(wish=wish(backup, name), actor=operator))
        assert (restore.status, restore.error_code) == ("failed", "copy_differs")
        assert "public.plain" in restore.error
        assert restore.differences[0]["said"] == "999 rows instead of 1000"
        assert databases(server) == before


@pytest.mark.exhaustive
def test_a_name_that_is_taken_meanwhile_stays_what_it_is(
    backed_up: MakeBackup, server: TestServer, operator: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    settle = PostgresRestoration.settle

    def somebody_is_faster(restoration: PostgresRestoration) -> None:
        settle(restoration)
        with server.connect() as connection:
            connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))

    monkeypatch.setattr(PostgresRestoration, "settle", somebody_is_faster)
    with backed_up() as backup, new_name(server) as name:
        before = databases(server)
        restore = restore_here(request_restore(wish=wish(backup, name), actor=operator))
        assert (restore.status, restore.error_code) == ("failed", "target_exists")
        assert databases(server) == before | {name}
        with server.connect(name) as connection:
            row = connection.execute("SELECT to_regclass('public.plain')").fetchone()
            assert row == (None,)


@pytest.mark.exhaustive
def test_a_cancel_in_the_last_moment_gives_no_database(
    backed_up: MakeBackup, server: TestServer, operator: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    settle = PostgresRestoration.settle

    def cancel(restoration: PostgresRestoration) -> None:
        settle(restoration)
        assert asked.file is not None
        with transaction.atomic():
            cancel_file(file=asked.file, by="otto")

    monkeypatch.setattr(PostgresRestoration, "settle", cancel)
    with backed_up() as backup, new_name(server) as name:
        before = databases(server)
        asked = request_restore(wish=wish(backup, name), actor=operator)
        with pytest.raises(ClaimLost):
            restore_here(asked)
        assert databases(server) == before


def test_who_may_ask(
    backed_up: MakeBackup, operator: User, viewer: User, stranger: User, agent: User
) -> None:
    with backed_up() as backup:
        for actor in (viewer, stranger, agent):
            with pytest.raises(NotAllowed):
                look_first(wish=wish(backup, "fresh"), actor=actor)
            with pytest.raises(NotAllowed):
                request_restore(wish=wish(backup, "fresh"), actor=actor)
        restore = request_restore(wish=wish(backup, "fresh"), actor=operator)
        with pytest.raises(NotAllowed):
            cancel_restore(restore=restore, actor=viewer)
        cancel_restore(restore=restore, actor=operator)
        restore.refresh_from_db()
        assert restore.status == "cancelled"
        with pytest.raises(NotReady):
            cancel_restore(restore=restore, actor=operator)


def test_rows_alone_are_refused(backed_up: MakeBackup, operator: User) -> None:
    with backed_up(data_only=True) as backup, pytest.raises(NotReady):
        look_first(wish=wish(backup, "fresh"), actor=operator)


@pytest.mark.exhaustive
def test_what_is_being_restored_is_not_deleted_and_a_name_is_promised_once(
    backed_up: MakeBackup, operator: User, admin: User
) -> None:
    with backed_up() as newest:
        older = make_backup(newest.database)
        for backup in (older, newest):
            Restore.objects.create(
                company=backup.company, backup=backup, server=backup.database, target_name="soon"
            )
        with pytest.raises(NotReady):
            delete_backup(backup=older, actor=admin)
        checks = {one.code: one for one in look_first(wish=wish(newest, "soon"), actor=operator)}
        assert checks["name_promised"].level == "blocking"
        Restore.objects.update(status="failed")
        assert "name_promised" not in {
            one.code for one in look_first(wish=wish(newest, "soon"), actor=operator)
        }


@pytest.mark.exhaustive
def test_it_comes_from_the_copy_that_is_whole(
    backed_up: MakeBackup, server: TestServer, operator: User, tmp_path_factory: Any
) -> None:
    with backed_up() as backup, new_name(server) as name:
        second = StorageTarget.objects.create(
            company=backup.company,
            name="cellar",
            options={"folder": str(tmp_path_factory.mktemp("cellar"))},
        )
        copy_here(request_copy(backup=backup, target=second, actor=operator))
        spoil(path_at(backup, backup.storage))
        restore = restore_here(request_restore(wish=wish(backup, name), actor=operator))
        assert (restore.status, restore.error) == ("completed", "")
        said = LogLine.objects.filter(file=restore.file, source="restore")
        messages = list(said.order_by("id").values_list("level", "message"))
        assert messages[0][0] == "warning"
        assert "Not from vault" in messages[0][1]
        assert messages[1] == ("info", "From the copy at cellar.")
        assert backup.stored_objects.get(target=backup.storage).state == "corrupt"
