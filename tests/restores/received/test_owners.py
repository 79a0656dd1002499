"""What came from elsewhere is given to a role of the server, and nothing of it runs by that."""

import psycopg
import pytest

from access.models import User
from backups.models import Database
from restores.errors import Blocked
from restores.models import Restore
from restores.requesting import request_restore
from tests.backups.servers import TestServer
from tests.choice import first_of
from tests.restores.received.dumps import EXPECTED, dump, dump_of, outside, wish
from tests.restores.received.test_guest import MAKER, maker
from tests.restores.received.test_restoring import roles, target
from tests.restores.test_restore import databases, new_name, restore_here

__all__ = ["maker", "target"]

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.xdist_group("restores")]

OWNER = "shop_owner"


@pytest.fixture(autouse=True)
def owner(server: TestServer) -> None:
    if OWNER not in roles(server):
        server.execute(f"CREATE ROLE {OWNER} LOGIN")


def given(server: Database, actor: User, body: bytes, name: str, role: str = OWNER) -> Restore:
    source = outside(server.company, actor, body)
    asked = wish(server, source, name, keep_owners=False, role=role)
    return restore_here(request_restore(wish=asked, actor=actor))


def owners_in(server: TestServer, name: str) -> set[str]:
    with server.connect(name) as connection:
        rows = connection.execute(
            "SELECT pg_get_userbyid(relowner) FROM pg_class WHERE oid >= 16384"
            " UNION SELECT pg_get_userbyid(proowner) FROM pg_proc p WHERE oid >= 16384"
            " AND NOT EXISTS (SELECT FROM pg_depend WHERE objid = p.oid AND deptype = 'e')"
            " UNION SELECT pg_get_userbyid(lomowner) FROM pg_largeobject_metadata"
            " UNION SELECT pg_get_userbyid(nspowner) FROM pg_namespace WHERE nspname = 'public'"
            " UNION SELECT pg_get_userbyid(datdba) FROM pg_database WHERE datname = %s",
            [name],
        ).fetchall()
        return {row[0] for row in rows}


@pytest.mark.parametrize("who", first_of("maker", "superuser"))
def test_all_of_it_belongs_to_the_role_that_was_asked_for(
    target: Database, maker: Database, server: TestServer, operator: User, who: str
) -> None:
    server.execute(f"GRANT {OWNER} TO {MAKER}")
    before = roles(server)
    with new_name(server) as name:
        restore = given(maker if who == "maker" else target, operator, dump(15, "custom"), name)
        assert (restore.status, restore.error) == ("completed", "")
        assert restore.counted == EXPECTED
        assert owners_in(server, name) == {OWNER}
        # Nothing is left of who restored it.
        assert roles(server) == before


# Functions that tell who runs them, wherever PostgreSQL calls a function.
TELLS = (
    "LANGUAGE plpgsql AS $$ BEGIN"
    # The source's name; there our own user fills it.
    " IF current_database() !~ '^d[0-9a-f]{12}$' AND current_user !~ '^holdfast_[ro]_' THEN"
    " RAISE EXCEPTION 'ran as %', current_user; END IF; RETURN $1; END $$"
)
NUMBER = f"(int) RETURNS int IMMUTABLE {TELLS}"
QUIET = (
    f"CREATE FUNCTION tells{NUMBER}",
    "CREATE FUNCTION fires() RETURNS trigger " + TELLS.replace("$1", "NEW"),
    "CREATE TABLE traps (n int DEFAULT tells(1), g int GENERATED ALWAYS AS (tells(2)) STORED,"
    " CHECK (tells(n) > 0))",
    "CREATE TRIGGER trap BEFORE INSERT OR UPDATE ON traps FOR EACH ROW EXECUTE FUNCTION fires()",
    "CREATE RULE trap AS ON DELETE TO traps DO ALSO SELECT tells(3)",
    "CREATE POLICY trap ON traps USING (tells(n) > 0)",
    "CREATE DOMAIN trapped AS int CHECK (tells(VALUE) > 0)",
    "CREATE TABLE of_domain (x trapped)",
    "INSERT INTO of_domain SELECT generate_series(1, 50)",
    "INSERT INTO traps (n) SELECT generate_series(1, 50)",
    "CREATE VIEW looks AS SELECT tells(4)",
    "CREATE MATERIALIZED VIEW kept AS SELECT tells(5) AS n",
    "CREATE AGGREGATE adds(int) (sfunc = int4pl, stype = int)",
    "CREATE FUNCTION raises() RETURNS int SECURITY DEFINER LANGUAGE sql AS 'SELECT 1'",
    "CREATE TABLE parted (n int) PARTITION BY RANGE (tells(n))",
    "CREATE TABLE parted_a PARTITION OF parted FOR VALUES FROM (0) TO (9)",
    "CREATE INDEX lower ON of_domain ((x + 1)) WHERE x > 7",
)


@pytest.mark.exhaustive
def test_giving_it_runs_nothing(target: Database, server: TestServer, operator: User) -> None:
    with server.database(*QUIET) as made:
        body = dump_of(server, made.database_name, "custom")
    with new_name(server) as name:
        restore = given(target, operator, body, name)
        assert (restore.status, restore.error) == ("completed", "")
        assert owners_in(server, name) == {OWNER}
        # Nor does what the server does by itself, from now on.
        server.execute("VACUUM ANALYZE", database=name)
        # Else this would test nothing.
        with pytest.raises(psycopg.Error, match="ran as postgres"):
            server.execute("SELECT tells(1)", database=name)
        with server.connect(name) as connection:
            row = connection.execute(
                "SELECT has_function_privilege('pg_monitor', 'raises()', 'EXECUTE'),"
                " has_function_privilege('pg_monitor', 'tells(int)', 'EXECUTE')"
            ).fetchone()
            assert row == (False, True)


RUNNING = {
    "an index": ("CREATE INDEX trap ON t (tells(n))", "index public.trap"),
    "a part of an index": ("CREATE INDEX trap ON t (n) WHERE tells(n) > 1", "index public.trap"),
    "an operator of an index": (
        "CREATE FUNCTION adds(int, int) RETURNS int IMMUTABLE LANGUAGE sql AS 'SELECT 1';"
        "CREATE OPERATOR ## (LEFTARG = int, RIGHTARG = int, FUNCTION = adds);"
        "CREATE INDEX trap ON t ((n ## 1))",
        "public.adds",
    ),
    "a domain in an index": (
        "CREATE DOMAIN trapped AS int CHECK (tells(VALUE) > 0);"
        "CREATE DOMAIN deeper AS trapped;"
        "CREATE INDEX trap ON t (((ARRAY[n]::deeper[])[1]))",
        "public.tells",
    ),
    "statistics": ("CREATE STATISTICS trap ON (tells(n)), n FROM t", "statistics trap"),
    "a range": (
        "CREATE FUNCTION less(int, int) RETURNS float8 IMMUTABLE LANGUAGE sql AS 'SELECT 1.0';"
        "CREATE TYPE span AS RANGE (subtype = int, subtype_diff = less)",
        "range public.span",
    ),
}


@pytest.mark.parametrize(
    "what",
    [
        "a domain in an index",
        *(
            pytest.param(one, marks=pytest.mark.exhaustive)
            for one in RUNNING
            if one[2:8] != "domain"
        ),
    ],
)
def test_what_would_run_by_itself_is_not_given(
    target: Database, server: TestServer, operator: User, what: str
) -> None:
    makes, named = RUNNING[what]
    before = databases(server), roles(server)
    table = "CREATE TABLE t AS SELECT generate_series(1, 50) AS n"
    with server.database(f"CREATE FUNCTION tells{NUMBER}", table, *makes.split(";")) as made:
        body = dump_of(server, made.database_name, "custom")
    restore = given(target, operator, body, "fresh")
    assert (restore.status, restore.error_code) == ("failed", "runs_by_itself")
    assert named in restore.error + restore.error_detail
    assert (databases(server), roles(server)) == before
    # Nobody's role is asked for: it may be restored, and be looked at.
    with new_name(server) as name:
        source = outside(target.company, operator, body)
        assert restore_here(
            request_restore(wish=wish(target, source, name), actor=operator)
        ).status == ("completed")


@pytest.mark.exhaustive
def test_more_tables_than_a_server_has_locks_for(
    target: Database, server: TestServer, operator: User
) -> None:
    makes = "SELECT format('CREATE TABLE t%s (id serial PRIMARY KEY, x text)', n)"
    with server.database() as made:
        name = made.database_name
        with server.connect(name) as connection:
            rows = connection.execute(f"{makes} FROM generate_series(1, 1500) n").fetchall()
            for (statement,) in rows:
                connection.execute(statement.encode())
        body = dump_of(server, name, "custom")
    with new_name(server) as name:
        restore = given(target, operator, body, name)
        assert (restore.status, restore.error) == ("completed", "")
        assert owners_in(server, name) == {OWNER}


@pytest.mark.parametrize(
    "makes",
    [
        "CREATE ROLE mighty SUPERUSER",
        "CREATE ROLE mighty CREATEROLE",
        "CREATE ROLE mighty IN ROLE pg_read_all_data",
    ],
)
def test_nothing_is_given_to_the_mighty(
    target: Database, server: TestServer, operator: User, makes: str
) -> None:
    server.execute(makes)
    try:
        with pytest.raises(Blocked) as refused:
            given(target, operator, dump(17, "custom"), "fresh", role="mighty")
        levels = {check.code: check.level for check in refused.value.checks}
        assert levels["owner"] == "blocking"
        with pytest.raises(Blocked):
            given(target, operator, dump(17, "custom"), "fresh", role="nobody at all")
    finally:
        server.execute("DROP ROLE mighty")
