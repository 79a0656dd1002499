"""A database with a bit of everything that PostgreSQL has: proven, without a false alarm."""

import pytest

from tests.backups.checks.conftest import MakeBackup, check_here
from tests.backups.servers import TestServer

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.xdist_group("drills")]

ROLES = ("CREATE ROLE writer", "CREATE ROLE reader")
EVERYTHING = (
    "CREATE EXTENSION citext",
    "CREATE EXTENSION hstore",
    "CREATE EXTENSION pg_trgm",
    "CREATE EXTENSION btree_gist",
    "CREATE EXTENSION postgres_fdw",
    "CREATE SCHEMA app AUTHORIZATION writer",
    'CREATE SCHEMA "we""ird."',
    "ALTER DEFAULT PRIVILEGES FOR ROLE writer IN SCHEMA app GRANT SELECT ON TABLES TO reader",
    "GRANT USAGE ON SCHEMA app TO reader",
    "CREATE TYPE app.mood AS ENUM ('sad', 'glad')",
    "ALTER TYPE app.mood ADD VALUE 'mixed' BEFORE 'glad'",
    "CREATE TYPE app.pair AS (a int, b text)",
    "CREATE TYPE app.span AS RANGE (subtype = float8)",
    "CREATE DOMAIN app.email AS citext CHECK (VALUE ~ '@')",
    "CREATE COLLATION app.plain (provider = libc, locale = 'C')",
    "CREATE FUNCTION app.slug(t text) RETURNS text LANGUAGE sql IMMUTABLE STRICT"
    " SET search_path = pg_catalog AS $$ SELECT lower(replace(t, ' ', '-')) $$",
    "CREATE PROCEDURE app.nothing() LANGUAGE plpgsql AS $$ BEGIN NULL; END $$",
    "CREATE FUNCTION app.touch() RETURNS trigger LANGUAGE plpgsql AS"
    " $$ BEGIN NEW.changed = '2026-01-01'; RETURN NEW; END $$",
    "CREATE AGGREGATE app.joined(text) (SFUNC = textcat, STYPE = text, INITCOND = '')",
    "CREATE FUNCTION app.near(int, int) RETURNS boolean LANGUAGE sql IMMUTABLE"
    " AS 'SELECT abs($1 - $2) < 2'",
    "CREATE OPERATOR app.~~~ (LEFTARG = int, RIGHTARG = int, FUNCTION = app.near)",
    "CREATE CAST (app.pair AS text) WITH INOUT",
    "CREATE TABLE app.people (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,"
    " name text COLLATE app.plain NOT NULL, mail app.email UNIQUE, mood app.mood DEFAULT 'glad',"
    " slug text GENERATED ALWAYS AS (app.slug(name)) STORED, changed date, tags hstore,"
    " doc jsonb, raw json, bits bit varying(9), p app.pair, s app.span, m int4multirange,"
    " arr app.mood[], boss bigint REFERENCES app.people DEFERRABLE INITIALLY DEFERRED)",
    "INSERT INTO app.people (name, mail, mood, tags, doc, raw, bits, p, s, m, arr, boss)"
    " SELECT 'Åsa ' || n, n || '@x.org', 'mixed', 'a=>1', '{\"n\": 1}', '{\"b\":  2}',"
    " B'101', (n, 'x')::app.pair, '[1,2]', '{[1,3)}', '{sad,glad}', 1"
    " FROM generate_series(1, 300) n",
    "CREATE INDEX ON app.people USING gin (name gin_trgm_ops)",
    "CREATE INDEX people_low ON app.people (lower(name)) INCLUDE (id) WHERE boss IS NOT NULL",
    "CREATE STATISTICS app.st (dependencies) ON name, mood FROM app.people",
    "ALTER TABLE app.people ALTER name SET STATISTICS 500",
    "ALTER TABLE app.people ALTER doc SET STORAGE EXTERNAL",
    "ALTER TABLE app.people SET (fillfactor = 70)",
    "CREATE TRIGGER touching BEFORE UPDATE ON app.people FOR EACH ROW"
    " WHEN (OLD.name IS DISTINCT FROM NEW.name) EXECUTE FUNCTION app.touch()",
    "ALTER TABLE app.people DISABLE TRIGGER touching",
    "ALTER TABLE app.people REPLICA IDENTITY FULL",
    "ALTER TABLE app.people OWNER TO writer",
    "GRANT SELECT (id, name), UPDATE (name) ON app.people TO reader WITH GRANT OPTION",
    "ALTER TABLE app.people ENABLE ROW LEVEL SECURITY",
    "CREATE POLICY mine ON app.people FOR SELECT TO reader USING (id > 5)",
    "CREATE TABLE app.rooms (room int, at tsrange, EXCLUDE USING gist (room WITH =, at WITH &&))",
    "INSERT INTO app.rooms VALUES (1, '[2026-01-01,2026-01-02)')",
    "CREATE UNLOGGED TABLE app.cache (k text PRIMARY KEY, v bytea)",
    "INSERT INTO app.cache VALUES ('a', '\\x00ff')",
    "CREATE TABLE app.parent (n int, v text)",
    "CREATE TABLE app.child (more int) INHERITS (app.parent)",
    "INSERT INTO app.parent VALUES (1, 'p')",
    "INSERT INTO app.child VALUES (2, 'c', 3)",
    "CREATE TABLE app.log (at timestamptz, what text) PARTITION BY RANGE (at)",
    "CREATE TABLE app.log_old PARTITION OF app.log FOR VALUES FROM (MINVALUE) TO ('2026-01-01')"
    " PARTITION BY LIST (what)",
    "CREATE TABLE app.log_old_a PARTITION OF app.log_old FOR VALUES IN ('a')",
    "CREATE TABLE app.log_rest PARTITION OF app.log DEFAULT",
    "CREATE INDEX ON app.log (at)",
    "INSERT INTO app.log VALUES ('2025-05-05', 'a'), ('2026-05-05', 'b'), (now(), NULL)",
    'CREATE TABLE "we""ird."."ta ble" ("co""l" int, "Ünï" numeric(20, 3))',
    """INSERT INTO "we""ird."."ta ble" VALUES (1, 'NaN'), (2, 1e15), (NULL, NULL)""",
    "CREATE TABLE app.floats (f float8, r real, i interval, t timetz, x tsvector, n inet, u uuid)",
    "INSERT INTO app.floats VALUES ('Infinity', '-0', '1 mon 2 days', '01:02+03', 'a:1 b',"
    " '10.0.0.0/8', '00000000-0000-0000-0000-000000000001'),"
    " (0.1, 1e-30, NULL, NULL, NULL, NULL, NULL)",
    "CREATE TABLE app.empty ()",
    "CREATE VIEW app.names AS SELECT id, name, count(*) FROM app.people GROUP BY id",
    "CREATE VIEW app.safe WITH (security_barrier) AS SELECT * FROM app.parent WHERE n > 0"
    " WITH LOCAL CHECK OPTION",
    "CREATE MATERIALIZED VIEW app.m1 AS SELECT count(*) AS c FROM app.people",
    "CREATE MATERIALIZED VIEW app.m2 AS SELECT c + 1 AS d FROM app.m1 WITH NO DATA",
    "CREATE UNIQUE INDEX ON app.m1 (c)",
    "CREATE RULE no_delete AS ON DELETE TO app.parent DO INSTEAD NOTHING",
    "CREATE SEQUENCE app.down INCREMENT -2 START 10 MAXVALUE 10",
    "SELECT nextval('app.down'), nextval('app.down')",
    "CREATE SERVER far FOREIGN DATA WRAPPER postgres_fdw OPTIONS (host 'nowhere')",
    "CREATE USER MAPPING FOR writer SERVER far OPTIONS (user 'x', password 'y')",
    "CREATE FOREIGN TABLE app.far (n int) SERVER far",
    "CREATE PUBLICATION told FOR TABLE app.people",
    "CREATE TEXT SEARCH CONFIGURATION app.ts (COPY = english)",
    "CREATE FUNCTION app.told() RETURNS event_trigger LANGUAGE plpgsql AS $$ BEGIN NULL; END $$",
    "CREATE EVENT TRIGGER telling ON ddl_command_end EXECUTE FUNCTION app.told()",
    "SELECT lo_from_bytea(99, '\\xdeadbeef')",
    "ALTER LARGE OBJECT 99 OWNER TO writer",
    "GRANT SELECT ON LARGE OBJECT 99 TO reader",
    "COMMENT ON COLUMN app.people.name IS 'what they are called'",
    "COMMENT ON SCHEMA app IS 'the app''s'",
    "REVOKE ALL ON FUNCTION app.slug(text) FROM PUBLIC",
    "REVOKE CREATE ON SCHEMA public FROM PUBLIC",
)


@pytest.mark.exhaustive
@pytest.mark.parametrize("server", [15, 17, 18], indirect=True)
def test_a_bit_of_everything_is_proven(backed_up: MakeBackup, server: TestServer) -> None:
    for role in ROLES:
        server.execute(role)
    try:
        with backed_up(*EVERYTHING) as backup:
            check = check_here(backup.checks.get())
            assert (check.error, check.differences, check.missing) == ("", [], [])
            assert check.outcome == "proven", check.detail
    finally:
        server.execute("DROP ROLE writer", "DROP ROLE reader")


@pytest.mark.exhaustive
@pytest.mark.parametrize(
    "statements",
    [
        ("DROP SCHEMA public", "CREATE SCHEMA app", "CREATE TABLE app.t (n int)"),
        ("SELECT 1",),
    ],
    ids=["without public", "empty"],
)
def test_whatever_became_of_public(backed_up: MakeBackup, statements: tuple[str, ...]) -> None:
    with backed_up(*statements) as backup:
        check = check_here(backup.checks.get())
        assert (check.error, check.differences, check.detail[:8]) == ("", [], "Restored")
        assert check.outcome == "proven"
