"""The source goes on while it is dumped: the copy equals the snapshot, or the dump says why not."""

import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
import pytest

from backups.engines.postgres import PostgresEngine
from backups.engines.postgres.clients import choose_for_reading
from backups.engines.postgres.connection import Server
from backups.engines.postgres.fingerprints import beside
from backups.engines.postgres.fingerprints.compare import compare
from backups.engines.postgres.fingerprints.snapshot import held_snapshot
from backups.engines.postgres.fingerprints.taking import take_fingerprint
from backups.errors import BackupError
from backups.models import Database
from backups.options import Options
from monitoring.files.journal import Journal
from tests.backups.fingerprints.test_fingerprints import fingerprint
from tests.backups.servers import PASSWORD, TestServer

pytestmark = pytest.mark.xdist_group("fingerprints")

BUSY = (
    "CREATE TABLE accounts (id serial PRIMARY KEY, balance int, note text)",
    "INSERT INTO accounts (balance, note) SELECT 100, repeat(md5(n::text), 20)"
    " FROM generate_series(1, 40000) n",
    "CREATE TABLE history (id serial PRIMARY KEY, account int, at timestamptz DEFAULT now())",
)
WRITES = (
    "UPDATE accounts SET balance = balance - 1 WHERE id = 1 + floor(random() * 40000)",
    "INSERT INTO history (account) VALUES (1)",
    "DELETE FROM history WHERE id % 7 = 3",
    "INSERT INTO accounts (balance) VALUES (0)",
)
CHANGES = (
    "TRUNCATE history",
    "CREATE TABLE IF NOT EXISTS newcomer (n int)",
    "ALTER TABLE accounts ADD COLUMN IF NOT EXISTS more int DEFAULT 7",
    "ALTER TABLE accounts DROP COLUMN IF EXISTS more",
    "DROP TABLE IF EXISTS newcomer",
    "INSERT INTO history (account) SELECT n FROM generate_series(1, 500) n",
)


@contextmanager
def meanwhile(
    server: TestServer, name: str, statements: tuple[str, ...], count: int
) -> Iterator[None]:
    """Sessions that run the statements over and over, until the block ends."""
    ended = threading.Event()

    def go_on() -> None:
        with server.connect(name) as session:
            session.execute("SET lock_timeout = '200ms'")
            while not ended.is_set():
                for statement in statements:
                    try:
                        session.execute(statement.encode())
                    except psycopg.Error:
                        time.sleep(0.01)  # a lock, or another of us was quicker

    threads = [threading.Thread(target=go_on) for _ in range(count)]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        ended.set()
        for thread in threads:
            thread.join()


def dumped(database: Database) -> tuple[bytes, dict[str, Any]]:
    with PostgresEngine().dump(database, Options(), run="holdfast:x:1", journal=Journal()) as dump:
        body = dump.stream.read()
        return body, dump.finish()


@contextmanager
def restored(server: TestServer, archive: bytes, contents: dict[str, Any]) -> Iterator[str]:
    clients = choose_for_reading(contents["tool_major"], needs_zstd=contents["zstd_inside"])
    with server.database() as made:
        copy: str = made.database_name
        subprocess.run(
            [clients.program("pg_restore"), "--exit-on-error", "-d", copy],
            env={
                "PGPASSWORD": PASSWORD,
                "PGHOST": "127.0.0.1",
                "PGPORT": str(server.port),
                "PGUSER": made.username,
            },
            input=archive,
            capture_output=True,
            check=True,
        )
        yield copy


@pytest.mark.exhaustive
def test_writers_change_nothing(server: TestServer) -> None:
    with server.database(*BUSY) as source:
        with meanwhile(server, source.database_name, WRITES, 3):
            time.sleep(0.2)
            archive, contents = dumped(source)
        with restored(server, archive, contents) as copy:
            mine = contents["fingerprint"]
            assert compare(mine, fingerprint(server, copy, like=mine)) == []
            # The proof means something: the source itself has gone on.
            assert compare(mine, fingerprint(server, source.database_name, like=mine)) != []


def test_a_sequence_that_went_on_before_it_was_marked_is_no_difference(
    server: TestServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However late the fingerprint gets its turn beside the dump: here, when that has ended."""
    has_dumped = threading.Event()

    def late(*arguments: Any, **options: Any) -> dict[str, Any]:
        assert has_dumped.wait(30)
        return take_fingerprint(*arguments, **options)

    monkeypatch.setattr(beside, "take_fingerprint", late)
    with server.database("CREATE TABLE orders (id serial)", "CREATE SEQUENCE apart") as source:
        name = source.database_name
        server.execute("SELECT nextval('apart') FROM generate_series(1, 5)", database=name)
        with PostgresEngine().dump(
            source, Options(), run="holdfast:x:1", journal=Journal()
        ) as dump:
            archive = dump.stream.read()
            server.execute("SELECT nextval('apart'), nextval('orders_id_seq')", database=name)
            has_dumped.set()
            contents = dump.finish()
        with restored(server, archive, contents) as copy:
            mine = contents["fingerprint"]
            assert mine["sequences"]["public.apart"]["last"] == 5
            assert mine["sequences"]["public.orders_id_seq"]["last"] is None
            assert compare(mine, fingerprint(server, copy, like=mine)) == []


@pytest.mark.exhaustive
@pytest.mark.parametrize("enough", [2, pytest.param(10, marks=pytest.mark.exhaustive)])
def test_changes_of_tables_are_in_it_or_refused(server: TestServer, enough: int) -> None:
    proofs = 0
    with server.database(*BUSY) as source:
        for _round in range(3 * enough):
            with meanwhile(server, source.database_name, CHANGES, 1):
                try:
                    archive, contents = dumped(source)
                except BackupError as error:
                    assert error.code in ("timeout", "dump_failed", "permission_denied"), error
                    continue
            with restored(server, archive, contents) as copy:
                mine = contents["fingerprint"]
                assert compare(mine, fingerprint(server, copy, like=mine)) == []
            proofs += 1
            if proofs == enough:
                return
    assert proofs > 0


def in_the_middle(
    server: TestServer, source: Database, *statements: str
) -> tuple[list[str], dict[str, Any]]:
    """What a snapshot holds that had to wait for a transaction with these statements."""
    found: list[Any] = []

    def take() -> None:
        with held_snapshot(
            Server.of(source), application="test", wanted=lambda _s, _n: True, lock_wait="20s"
        ) as snapshot:
            rows = snapshot.session.execute("SELECT count(*) FROM public.history").fetchone()
            found.append(([table.name for table in snapshot.tables], rows))

    with server.connect(source.database_name) as other:
        with other.transaction():
            for statement in statements:
                other.execute(statement.encode())
            thread = threading.Thread(target=take)
            thread.start()
            _until(lambda: _waits(server))
        thread.join(30)
    tables, rows = found[0]
    return tables, {"history": rows[0]}


def _waits(server: TestServer) -> bool:
    with server.connect() as session:
        row = session.execute(
            "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'"
        ).fetchone()
        return bool(row and row[0])


def _until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_a_truncate_before_the_lock_is_seen_by_all(server: TestServer) -> None:
    with server.database(*BUSY, "INSERT INTO history (account) VALUES (1)") as source:
        _tables, rows = in_the_middle(server, source, "TRUNCATE history")
        assert rows == {"history": 0}


def test_a_table_dropped_and_one_made_before_the_lock_start_it_over(server: TestServer) -> None:
    with server.database(*BUSY) as source:
        tables, _rows = in_the_middle(
            server, source, "DROP TABLE accounts", "CREATE TABLE successor (n int)"
        )
        assert tables == ["history", "successor"]


def test_a_role_under_row_security_is_refused(server: TestServer) -> None:
    with server.database(
        "CREATE TABLE secret (owner text)",
        "INSERT INTO secret SELECT 'a' FROM generate_series(1, 100)",
        "ALTER TABLE secret ENABLE ROW LEVEL SECURITY",
        "CREATE POLICY own ON secret USING (owner = current_user)",
        "DO $$ BEGIN CREATE ROLE narrow LOGIN PASSWORD 'narrow'; EXCEPTION"
        " WHEN duplicate_object THEN NULL; END $$",
        "GRANT SELECT ON secret TO narrow",
    ) as source:
        seen = server.registered(source.database_name, username="narrow", password="narrow")
        with pytest.raises(BackupError) as refused:
            dumped(seen)
        assert refused.value.code == "permission_denied"
        server.execute("DROP OWNED BY narrow", database=source.database_name)
