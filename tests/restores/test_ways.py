"""Which programs bring an archive in: into older and newer servers, in parallel, over TLS."""

import os
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from django.conf import LazySettings

from access.models import User
from backups.engines.postgres import clients
from backups.engines.postgres.clients import choose_for_restoring
from backups.engines.postgres.connection import Server
from backups.engines.postgres.items import LOOK_SECONDS, Activity, Items
from backups.errors import ConnectionFailed
from backups.file_errors import NoSafeClient
from backups.models import Backup, Database
from monitoring.files.journal import Journal
from monitoring.files.models import LogLine, Step
from restores.models import Restore
from restores.requesting import look_first, request_restore
from tests.backups.checks.conftest import MakeBackup
from tests.backups.fingerprints.test_fingerprints import SOURCE
from tests.backups.servers import TestServer, started_server
from tests.config.waiting import wait_for
from tests.restores.test_restore import databases, new_name, restore_here, wish

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.xdist_group("restores")]

# Not in it: `citext` and what is of one major alone.
PLAIN_SOURCE = (*SOURCE, "CREATE INDEX by_price ON plain (price)")


@contextmanager
def elsewhere(backup: Backup, major: int) -> Iterator[tuple[TestServer, Database]]:
    """Another server, reached over TCP with a password."""
    there = started_server(major)
    database = there.registered("postgres", company=backup.company, name=f"server {major}")
    database.save()
    yield there, database


def bring(backup: Backup, to: Database, name: str, operator: User, **options: Any) -> Restore:
    asked = replace(wish(backup, name, **options), server=to)
    return restore_here(request_restore(wish=asked, actor=operator))


def lines(restore: Restore) -> str:
    return "\n".join(LogLine.objects.filter(file=restore.file).values_list("message", flat=True))


@pytest.mark.exhaustive
@pytest.mark.parametrize(("server", "there"), [(18, 15), (18, 17), (15, 18)], indirect=["server"])
def test_into_another_major(
    backed_up: MakeBackup, server: TestServer, operator: User, there: int
) -> None:
    with (
        backed_up(*PLAIN_SOURCE, drill_every=0) as backup,
        elsewhere(backup, there) as (target, to),
        new_name(target) as name,
    ):
        asked = replace(wish(backup, name), server=to)
        level = {one.code: one.level for one in look_first(wish=asked, actor=operator)}
        assert level["version"] == ("warning" if there < server.major else "ok")
        restore = bring(backup, to, name, operator)
        assert (restore.status, restore.error, restore.error_detail) == ("completed", "", "")
        assert ("as text" in lines(restore)) == ((server.major, there) == (18, 15))
        with target.connect(name) as connection:
            row = connection.execute("SELECT count(*), max(t) FROM plain").fetchone()
        assert row == (1000, "row 999")


@pytest.mark.exhaustive
@pytest.mark.parametrize("server", [18], indirect=True)
def test_what_an_older_server_cannot_take_is_named_and_leaves_nothing(
    backed_up: MakeBackup, operator: User
) -> None:
    new = "CREATE TABLE newer (n int, twice int GENERATED ALWAYS AS (n * 2) VIRTUAL)"
    many = "CREATE TABLE many AS SELECT n, repeat('x', 100) FROM generate_series(1, 20000) n"
    with (
        backed_up(new, many, drill_every=0) as backup,
        elsewhere(backup, 15) as (target, to),
        new_name(target) as name,
    ):
        before = databases(target)
        restore = bring(backup, to, name, operator)
        assert (restore.status, restore.error_code) == ("failed", "server_too_old")
        assert "syntax error" in restore.error
        assert databases(target) == before


@pytest.mark.exhaustive
def test_in_parallel_from_a_file_that_has_no_name(
    backed_up: MakeBackup, server: TestServer, operator: User, settings: LazySettings
) -> None:
    with backed_up(*PLAIN_SOURCE, drill_every=0) as backup, new_name(server) as name:
        restore = bring(backup, backup.database, name, operator, jobs=2, tables=["p*", "moody"])
        assert (restore.status, restore.error, restore.error_detail) == ("completed", "", "")
        assert list(settings.PLACES.unpacking.iterdir()) == []
        assert settings.PLACES.unpacking.stat().st_mode & 0o777 == 0o700
        with server.connect(name) as connection:
            row = connection.execute("SELECT count(*) FROM parts").fetchone()
        assert row == (200,)
        steps = Step.objects.filter(stage__file=restore.file)
        said = list(steps.values_list("message", flat=True))
        # They are written four times a second: which ones is a matter of speed.
        assert any(one.startswith(('INDEX "public.', 'TABLE DATA "public.')) for one in said), said


@pytest.mark.exhaustive
def test_without_room_it_goes_in_one_stream_and_says_so(
    backed_up: MakeBackup, server: TestServer, operator: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    with backed_up(drill_every=0) as backup, new_name(server) as name:
        monkeypatch.setattr("backups.engines.postgres.parallel._free", lambda: 100)
        found = {
            one.code: one for one in look_first(wish=wish(backup, name, jobs=4), actor=operator)
        }
        assert found["jobs"].level == "warning"
        restore = bring(backup, backup.database, name, operator, jobs=4)
        assert restore.status == "completed"
        assert "restored in one stream" in lines(restore)


@contextmanager
def speaking_tls(server: TestServer) -> Iterator[None]:
    """With a certificate of its own making, for a while."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .sign(key, hashes.SHA256())
    )
    secret = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    data = server.folder / "data"
    owner = data.stat()
    written = {"server.crt": made.public_bytes(serialization.Encoding.PEM), "server.key": secret}
    for file, content in written.items():
        (data / file).write_bytes(content)
        (data / file).chmod(0o600)
        os.chown(data / file, owner.st_uid, owner.st_gid)
    server.execute("ALTER SYSTEM SET ssl = on", "SELECT pg_reload_conf()")
    try:
        yield
    finally:
        server.execute("ALTER SYSTEM RESET ssl", "SELECT pg_reload_conf()")


@pytest.mark.exhaustive
def test_over_tls_with_a_password(
    backed_up: MakeBackup, server: TestServer, operator: User
) -> None:
    with backed_up(drill_every=0) as backup, new_name(server) as name:
        there = server.registered(
            "postgres", company=backup.company, name="by TLS", tls_mode="require"
        )
        there.save()
        with pytest.raises(ConnectionFailed, match="cannot be reached"):
            bring(backup, there, name, operator)
        with speaking_tls(server):
            wait_for(lambda: speaks_tls(there), seconds=10, what="it speaks TLS")
            restore = bring(backup, there, name, operator)
            assert (restore.status, restore.error, restore.error_detail) == ("completed", "", "")
            assert restore.registered is not None
            assert restore.registered.tls_mode == "require"


def speaks_tls(there: Database) -> bool:
    try:
        with Server.of(there).connect(application="test") as session:
            return session.pgconn.ssl_in_use
    except ConnectionFailed:
        return False


@pytest.mark.exhaustive
def test_a_wait_for_work_is_told_from_a_wait_for_others(server: TestServer) -> None:
    with server.database("CREATE TABLE held (n int)") as made:
        items = Items(Journal())
        there = Server.of(made)
        activity = Activity(there, "a run", items, Journal())

        def looks() -> bool:
            time.sleep(LOOK_SECONDS)
            return activity.is_working()

        assert activity.is_working()
        assert not looks()
        items.hear('pg_restore: creating INDEX "public.i"')
        assert activity.is_working()
        with server.connect(made.database_name) as other, there.connect(application="a run") as run:
            other.execute("BEGIN; LOCK TABLE held")
            with ThreadPoolExecutor() as beside:
                asked = beside.submit(run.execute, "SELECT count(*) FROM public.held")
                assert not looks()
                other.execute("ROLLBACK")
                asked.result()
                asked = beside.submit(run.execute, "SELECT pg_sleep(30)")
                assert looks()
                run.cancel_safe()
                with pytest.raises(psycopg.errors.QueryCanceled):
                    asked.result()
        activity.close()


def test_how_far_an_index_is_counts_as_progress(server: TestServer) -> None:
    wide = (
        "CREATE FUNCTION slow(n int) RETURNS int IMMUTABLE LANGUAGE plpgsql AS"
        " 'begin perform pg_sleep(0.05); return n; end'",
        "CREATE TABLE wide (n int, filler text)",
        "ALTER TABLE wide ALTER filler SET STORAGE PLAIN",
        "INSERT INTO wide SELECT n, repeat('x', 5000) FROM generate_series(1, 40) n",
    )
    with server.database(*wide) as made:
        items = Items(Journal())
        items.total = 2
        there = Server.of(made)
        activity = Activity(there, "a run", items, Journal())
        with there.connect(application="a run") as run, ThreadPoolExecutor() as beside:
            items.hear('pg_restore: creating INDEX "public.i"')
            making = "CREATE INDEX i ON public.wide (public.slow(n))"
            asked = beside.submit(run.execute, making)
            seen = {items.share()}
            deadline = time.monotonic() + 30
            while len(seen) < 3 and time.monotonic() < deadline:
                activity._next_look = 0
                activity.is_working()
                seen.add(items.share())
            run.cancel_safe()
            with pytest.raises(psycopg.errors.QueryCanceled):
                asked.result()
        activity.close()
        assert len(seen) == 3 and all(0 <= (one or 0) < 0.5 for one in seen)


# Slow in the restore alone.
SLOWLY = (
    "CREATE FUNCTION slow() RETURNS int LANGUAGE sql IMMUTABLE AS $$ SELECT 1 FROM pg_sleep("
    "CASE WHEN current_database() LIKE 'holdfast\\_%' THEN 0.4 ELSE 0 END) $$",
    "CREATE TABLE slowly AS SELECT 1 AS n",
    "CREATE INDEX slow_one ON slowly ((public.slow() + n))",
)


@pytest.mark.exhaustive
def test_a_silent_index_is_no_obstacle(
    backed_up: MakeBackup, server: TestServer, operator: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("backups.engines.postgres.items.LOOK_SECONDS", 0.01)
    with backed_up(*SLOWLY, drill_every=0) as backup, new_name(server) as name:
        restore = bring(backup, backup.database, name, operator, analyze=False)
        assert (restore.status, restore.error) == ("completed", "")


def test_the_programs_are_those_of_the_server_when_they_can_read_the_archive() -> None:
    def chosen(archive: int, there: int, **needs: bool) -> tuple[int, int | None]:
        wanted = {"needs_zstd": False, "needs_tls": False, **needs}
        found = choose_for_restoring(archive, there, **wanted)
        return found.pg_restore.major, found.psql.major if found.psql else None

    majors = {one.major for one in clients.discover()}
    if not {15, 17, 18} <= majors:
        pytest.skip("not all majors are on this machine")
    assert chosen(18, 18) == (18, None)
    assert chosen(15, 18) == (18, None)
    assert chosen(18, 17) == (17, None)
    assert chosen(15, 15) == (15, None)
    # What is read by 17 or 18 alone, a server of 15 or 16 takes as text.
    assert chosen(17, 15) == (17, 18)
    assert chosen(18, 16) == (18, 18)
    assert chosen(17, 17, needs_zstd=True, needs_tls=True) == (17, None)
    with pytest.raises(NoSafeClient, match="TLS"):
        chosen(18, 15, needs_tls=True)
