"""Who owns tables may have what they like in them; of it nothing runs with the dump's rights."""

from typing import Any

import psycopg
import pytest

from backups.engines.postgres import PostgresEngine
from backups.options import Options
from monitoring.files.journal import Journal
from tests.backups.fingerprints.test_fingerprints import fingerprint
from tests.backups.servers import TestServer, started_server
from tests.choice import first_of

pytestmark = pytest.mark.xdist_group("fingerprints")

OWNER = "tables_owner"
TELLS = "LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'it ran as %', current_user; END $$"
# Each is one that an owner without rights may define.
TRAPS = (
    "CREATE TYPE mood AS ENUM ('sad', 'glad')",
    "CREATE TYPE pair AS (n int, m mood)",
    'CREATE TABLE traps (n int, m mood, p pair, "holdfast row" pair)',
    "INSERT INTO traps VALUES (1, 'sad', (1, 'sad'), (2, 'glad')), (2, NULL, NULL, NULL)",
    f"CREATE FUNCTION of_row(traps) RETURNS text {TELLS}",
    "CREATE CAST (traps AS text) WITH FUNCTION of_row(traps) AS IMPLICIT",
    f"CREATE FUNCTION of_mood(mood) RETURNS text {TELLS}",
    "CREATE CAST (mood AS text) WITH FUNCTION of_mood(mood)",
    f"CREATE FUNCTION of_pair(pair) RETURNS text {TELLS}",
    "CREATE CAST (pair AS text) WITH FUNCTION of_pair(pair) AS IMPLICIT",
    f"CREATE FUNCTION number(mood) RETURNS bigint {TELLS}",
    "CREATE CAST (mood AS bigint) WITH FUNCTION number(mood) AS ASSIGNMENT",
    "CREATE SEQUENCE counting OWNED BY traps.m",
    "CREATE DOMAIN small AS int",
    "CREATE DOMAIN smaller AS small",
    "CREATE TABLE counted (n smaller)",
    "INSERT INTO counted VALUES (7)",
    "CREATE SEQUENCE counted_n OWNED BY counted.n",
)


@pytest.fixture(params=first_of(17, 15, 18), name="server")
def a_server(request: pytest.FixtureRequest) -> TestServer:
    return started_server(request.param)


def test_no_cast_of_an_owner_runs(server: TestServer) -> None:
    own_role(server)
    with server.database(f"GRANT CREATE ON SCHEMA public TO {OWNER}", f"SET ROLE {OWNER}") as here:
        name = here.database_name
        server.execute(f"SET ROLE {OWNER}", *TRAPS, database=name)
        assert_traps_work(server, name)
        found = fingerprint(server, name)
        assert found["tables"]["public.traps"]["rows"] == 2
        assert found["tables"]["public.traps"]["by"] == "text"
        assert found["sequences"]["public.counting"]["used"] is None
        assert found["sequences"]["public.counted_n"]["used"] == 7
        before = found["tables"]["public.traps"]["sum"]
        server.execute("UPDATE traps SET n = 3 WHERE n = 2", database=name)
        assert fingerprint(server, name)["tables"]["public.traps"]["sum"] != before


def own_role(server: TestServer) -> None:
    with server.connect() as connection:
        if not connection.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [OWNER]).fetchone():
            connection.execute(f"CREATE ROLE {OWNER}")


def assert_traps_work(server: TestServer, name: str) -> None:
    """Else this would test nothing: the obvious ways run them, with our rights."""
    obvious = ("SELECT t::text FROM traps t", "SELECT t::record::text FROM traps t")
    for query in (*obvious, "SELECT max(m)::bigint FROM traps"):
        assert "it ran as postgres" in said_to(server, name, query)


def said_to(server: TestServer, name: str, query: Any) -> str:
    with server.connect(name) as connection, pytest.raises(psycopg.Error) as refused:
        connection.execute(query)
    return str(refused.value)


# Operators that fit the names in catalogs better than PostgreSQL's own.
BETTER = tuple(
    statement
    for left, right in (("name", "name"), ("name", "text"), ("text", "name"))
    for statement in (
        f"CREATE FUNCTION joined({left}, {right}) RETURNS text {TELLS}",
        f"CREATE OPERATOR || (LEFTARG = {left}, RIGHTARG = {right}, FUNCTION = joined)",
    )
)


def test_no_operator_of_an_owner_is_found(server: TestServer) -> None:
    """Who may make things in `public` could lead every session that looks there."""
    own_role(server)
    with server.database(f"GRANT CREATE ON SCHEMA public TO {OWNER}") as here:
        name = here.database_name
        server.execute(f"SET ROLE {OWNER}", *BETTER, "CREATE TABLE t (n int)", database=name)
        query = "SELECT nspname || '.' || relname FROM pg_class, pg_namespace"
        assert "it ran as postgres" in said_to(server, name, query)
        with PostgresEngine().dump(here, Options(), run="holdfast:x:1", journal=Journal()) as dump:
            while dump.stream.read(1 << 16):
                pass
            assert dump.finish()["tables"] == ["public.t"]
