"""A restored copy has the fingerprint of its source; every change of a copy is found and named."""

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from backups.engines.postgres.clients import choose_for_dump
from backups.engines.postgres.connection import Server
from backups.engines.postgres.fingerprints.compare import compare
from backups.engines.postgres.fingerprints.snapshot import held_snapshot
from backups.engines.postgres.fingerprints.taking import take_fingerprint
from tests.backups.servers import PASSWORD, TestServer, started_server
from tests.choice import first_of

pytestmark = pytest.mark.xdist_group("fingerprints")

SOURCE = (
    "CREATE EXTENSION citext",
    'CREATE SCHEMA "Ödd name"',
    "CREATE TYPE mood AS ENUM ('sad', 'glad')",
    "CREATE DOMAIN positive AS int CHECK (VALUE > 0)",
    'CREATE TABLE plain (id serial PRIMARY KEY, "t" text, price numeric,'
    " at timestamptz DEFAULT now())",
    "INSERT INTO plain (t, price) SELECT 'row ' || n, n / 7.0 FROM generate_series(1, 1000) n",
    "CREATE TABLE moody (m mood, ms mood[], c regclass, e citext)",
    "INSERT INTO moody SELECT 'glad', '{sad,glad}', 'plain', 'Ab' FROM generate_series(1, 50)",
    "CREATE TABLE documents (j json, b bit(3), x xml)",
    "INSERT INTO documents VALUES ('{\"a\": 1}', B'101', NULL), (NULL, NULL, NULL)",
    'CREATE TABLE "Ödd name".empty (n positive)',
    "CREATE TABLE parts (n int, v text) PARTITION BY RANGE (n)",
    "CREATE TABLE parts_a PARTITION OF parts FOR VALUES FROM (0) TO (100)",
    "CREATE TABLE parts_b PARTITION OF parts FOR VALUES FROM (100) TO (200)",
    "INSERT INTO parts SELECT n, md5(n::text) FROM generate_series(0, 199) n",
    "CREATE TABLE dropped (a int, b int, c text)",
    "INSERT INTO dropped SELECT n, n, n FROM generate_series(1, 10) n",
    "ALTER TABLE dropped DROP COLUMN b",
    "CREATE VIEW dear AS SELECT * FROM plain WHERE price > 100",
    "CREATE MATERIALIZED VIEW totals AS SELECT count(*) FROM plain",
    "CREATE FUNCTION double(n int) RETURNS int LANGUAGE sql AS 'SELECT n * 2'",
    "CREATE SEQUENCE apart START 5",
    "SELECT nextval('apart') FROM generate_series(1, 3)",
    "GRANT SELECT ON plain TO PUBLIC",
    "COMMENT ON TABLE plain IS 'a comment'",
    "SELECT lo_from_bytea(4711, repeat('large', 1000)::bytea), lo_from_bytea(4712, '')",
)


def fingerprint(
    server: TestServer, name: str, like: dict[str, Any] | None = None
) -> dict[str, Any]:
    there = Server.of(server.registered(name))
    with held_snapshot(
        there, application="test", wanted=lambda _schema, _name: True, lock_wait="10s"
    ) as snapshot:
        return take_fingerprint(snapshot.session, snapshot.tables, like=like)


@contextmanager
def copy_of(server: TestServer, name: str) -> Iterator[str]:
    clients = choose_for_dump(server.major, needs_tls=False)
    environment = {"PGPASSWORD": PASSWORD, "PGHOST": "127.0.0.1", "PGPORT": str(server.port)}
    environment |= {"PGUSER": server.registered(name).username}
    dump = subprocess.run(
        [clients.program("pg_dump"), "-Fc", "-Z0", name],
        env=environment,
        capture_output=True,
        check=True,
    )
    with server.database() as made:
        copy = made.database_name
        subprocess.run(
            [clients.program("pg_restore"), "--exit-on-error", "-d", copy],
            env=environment,
            input=dump.stdout,
            capture_output=True,
            check=True,
        )
        yield copy


@pytest.mark.parametrize("server", first_of(17, 15, 18), indirect=True)
def test_a_restored_copy_has_the_fingerprint_of_its_source(server: TestServer) -> None:
    with server.database(*SOURCE) as source:
        mine = fingerprint(server, source.database_name)
        assert mine["tables"]["public.plain"]["by"] == "hash"
        assert {mine["tables"][f"public.{name}"]["by"] for name in ("moody", "documents")} == {
            "text"
        }
        assert mine["tables"]["Ödd name.empty"] == {"rows": 0, "sum": None, "by": "hash"}
        assert "public.parts" not in mine["tables"]
        assert mine["large_objects"]["rows"] == 2
        assert mine["sequences"]["public.apart"] == {"last": 7, "used": None, "increment": 1}
        assert mine["sequences"]["public.plain_id_seq"]["used"] == 1000
        with copy_of(server, source.database_name) as copy:
            assert compare(mine, fingerprint(server, copy, like=mine)) == []


TAMPERING = {
    "a row deleted": ("DELETE FROM plain WHERE id = 7", ("table", "public.plain")),
    "a value changed": ("UPDATE plain SET price = 0 WHERE id = 7", ("table", "public.plain")),
    "rows swapped between tables": (
        "WITH a AS (DELETE FROM parts_a WHERE n = 5 RETURNING v),"
        " b AS (DELETE FROM parts_b WHERE n = 105 RETURNING v)"
        " INSERT INTO parts SELECT 5, v FROM b UNION ALL SELECT 105, v FROM a",
        ("table", "public.parts_a"),
    ),
    "a table missing": ("DROP TABLE documents", ("table", "public.documents")),
    "a table emptied": ("TRUNCATE moody", ("table", "public.moody")),
    "a sequence behind": ("SELECT setval('apart', 6)", ("sequence", "public.apart")),
    "a sequence behind its column": (
        "SELECT setval('plain_id_seq', 999)",
        ("sequence", "public.plain_id_seq"),
    ),
    "a large object changed": ("SELECT lo_put(4711, 3, 'X')", ("large objects", "")),
    "an extension missing": ("DROP EXTENSION citext CASCADE", ("extension", "citext")),
    "a function changed": (
        "CREATE OR REPLACE FUNCTION double(n int) RETURNS int LANGUAGE sql AS 'SELECT n * 3'",
        ("function", "public.double(n integer)"),
    ),
    "a grant changed": ("REVOKE SELECT ON plain FROM PUBLIC", ("relation grants", "public.plain")),
    "a partition missing": ("DROP TABLE parts_b", ("table", "public.parts_b")),
    "an index missing": (
        "ALTER TABLE plain DROP CONSTRAINT plain_pkey",
        ("index", "public.plain_pkey"),
    ),
    "a view changed": (
        "CREATE OR REPLACE VIEW dear AS SELECT * FROM plain WHERE price > 1",
        ("view", "public.dear"),
    ),
    "a materialized view missing": ("DROP MATERIALIZED VIEW totals", ("view", "public.totals")),
    "a table too many": ("CREATE TABLE foreign_to_it (n int)", ("table", "public.foreign_to_it")),
    "a default changed": (
        "ALTER TABLE plain ALTER at SET DEFAULT '2020-01-01'",
        ("table", "public.plain"),
    ),
    "a comment changed": ("COMMENT ON TABLE plain IS 'other'", ("comment", "table public.plain")),
}


@pytest.fixture(scope="module")
def restored() -> Iterator[tuple[TestServer, dict[str, Any], str]]:
    """A server, the fingerprint of a source, and the name of a true copy of that."""
    server = started_server(17)
    with server.database(*SOURCE) as source, copy_of(server, source.database_name) as copy:
        yield server, fingerprint(server, source.database_name), copy


@pytest.mark.parametrize("change", TAMPERING)
def test_tampering_is_found_and_named(
    restored: tuple[TestServer, dict[str, Any], str], change: str
) -> None:
    server, mine, copy = restored
    statement, named = TAMPERING[change]
    with server.database(statement, like=copy) as tampered:
        found = compare(mine, fingerprint(server, tampered.database_name, like=mine))
        assert named in [(one.kind, one.name) for one in found], found
        assert all(one.said for one in found)
