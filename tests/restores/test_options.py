"""How an archive is restored: what of it, to whom it belongs, what is refused by name."""

import re
from dataclasses import replace
from typing import Any

import pytest
from psycopg import sql

from access.models import AuditEntry, User
from backups.engines import PreflightCheck
from backups.errors import BadOption
from backups.models import Backup
from monitoring.files.models import LogLine
from restores.errors import Blocked
from restores.models import Restore
from restores.options import parse_options
from restores.requesting import look_first, request_restore
from tests.backups.checks.conftest import MakeBackup
from tests.backups.servers import PASSWORD, TestServer
from tests.cast import Login
from tests.restores.test_pages import address
from tests.restores.test_restore import new_name, restore_here, wish

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.xdist_group("restores")]

SHOP = (
    "CREATE EXTENSION citext",
    "CREATE SCHEMA sales",
    "CREATE SCHEMA other",
    "CREATE TYPE sales.mood AS ENUM ('sad', 'glad')",
    "CREATE FUNCTION sales.touch() RETURNS trigger LANGUAGE plpgsql AS 'begin return new; end'",
    "CREATE TABLE customers (id serial PRIMARY KEY, email citext)",
    "INSERT INTO customers (email) SELECT 'c' || n FROM generate_series(1, 20) n",
    "CREATE TABLE sales.orders (id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, m sales.mood,"
    " customer int REFERENCES customers)",
    "INSERT INTO sales.orders (m, customer) SELECT 'glad', n FROM generate_series(1, 20) n",
    "CREATE TRIGGER touched BEFORE UPDATE ON sales.orders FOR EACH ROW EXECUTE FUNCTION"
    " sales.touch()",
    "CREATE INDEX by_mood ON sales.orders (m)",
    "CREATE TABLE sales.lines (id int PRIMARY KEY, part_of int REFERENCES sales.orders)",
    "CREATE TABLE other.parts (n int) PARTITION BY LIST (n)",
    "CREATE TABLE other.parts_1 PARTITION OF other.parts FOR VALUES IN (1)",
    "INSERT INTO other.parts VALUES (1), (1)",
    'CREATE TABLE "--file=/tmp/x" (n int)',
    'INSERT INTO "--file=/tmp/x" VALUES (7)',
    "SELECT lo_from_bytea(4711, 'large')",
)


def restored(backup: Backup, name: str, operator: User, **options: Any) -> Restore:
    asked = request_restore(wish=wish(backup, name, **options), actor=operator)
    restore = restore_here(asked)
    assert (restore.status, restore.error, restore.error_detail) == ("completed", "", "")
    return restore


def ask(server: TestServer, database: str, query: str) -> list[tuple[Any, ...]]:
    with server.connect(database) as connection:
        return connection.execute(query.encode()).fetchall()


def relations(server: TestServer, database: str, kinds: str = "r") -> set[str]:
    found = ask(
        server,
        database,
        "SELECT n.nspname || '.' || relname FROM pg_class c JOIN pg_namespace n"
        " ON n.oid = relnamespace WHERE nspname !~ '^pg_' AND nspname <> 'information_schema'"
        f" AND relkind IN ('{kinds}')",
    )
    return {row[0] for row in found}


def checks(backup: Backup, operator: User, **options: Any) -> dict[str, PreflightCheck]:
    found = look_first(wish=wish(backup, "fresh", **options), actor=operator)
    return {one.code: one for one in found}


def test_what_is_chosen_comes_whole_and_is_compared(
    backed_up: MakeBackup, server: TestServer, operator: User
) -> None:
    with backed_up(*SHOP) as backup:
        with new_name(server) as name:
            restore = restored(backup, name, operator, tables=["sales.orders"])
            assert relations(server, name) == {"sales.orders"}
            assert (restore.tables, restore.rows) == (1, 20)
            assert ask(server, name, "SELECT count(*) FROM sales.orders") == [(20,)]
            assert relations(server, name, "i") == {"sales.orders_pkey", "sales.by_mood"}
            assert ask(server, name, "SELECT tgname FROM pg_trigger") == [("touched",)]
            assert ask(
                server, name, "INSERT INTO sales.orders (m) VALUES ('sad') RETURNING id"
            ) == [(21,)]
            assert ask(server, name, "SELECT count(*) FROM pg_largeobject") == [(0,)]
            said = LogLine.objects.filter(file=restore.file, level="warning")
            assert ["orders_customer_fkey" in line.message for line in said] == [True]
        with new_name(server) as name:
            restored(backup, name, operator, schemas=["sales"], tables=["*.parts", "--file=/tmp/x"])
            assert relations(server, name, "r','p") == {
                *("sales.orders", "sales.lines", "other.parts", "other.parts_1"),
                "public.--file=/tmp/x",
            }
            assert ask(server, name, "SELECT count(*) FROM other.parts") == [(2,)]
            assert ask(server, name, 'SELECT n FROM "--file=/tmp/x"') == [(7,)]
            foreign = "SELECT conname FROM pg_constraint WHERE contype = 'f'"
            assert ask(server, name, foreign) == [("lines_part_of_fkey",)]
        with new_name(server) as name:
            restored(backup, name, operator, schema_only=True)
            assert len(relations(server, name)) == 5
            assert ask(server, name, "SELECT count(*) FROM customers") == [(0,)]
        found = checks(backup, operator, tables=["nowhere", "customers"], schemas=["none"])
        assert found["selection"].level == "blocking"
        assert "nowhere" in found["selection"].message and "none" in found["selection"].message
        assert "customers" not in found["selection"].message


@pytest.mark.exhaustive
def test_a_part_comes_back_compared_by_what_is_known_of_it(
    backed_up: MakeBackup, server: TestServer, operator: User
) -> None:
    part = {"tables": ["sales.lines", "public.customers"]}
    # What a part needs and does not hold makes it fail by name: here nothing but a foreign key.
    made = backed_up(*SHOP[1:2], *PLAIN_SHOP, drill_every=0, **part)
    with made as backup, new_name(server) as name:
        restore = restored(backup, name, operator)
        assert relations(server, name) == {"sales.lines", "public.customers"}
        assert (restore.tables, restore.rows) == (2, 30)
        lines = LogLine.objects.filter(file=restore.file, level="warning")
        assert any("lines_part_of_fkey" in line.message for line in lines)


@pytest.mark.exhaustive
@pytest.mark.parametrize(
    ("part", "tables", "rows"),
    [
        ({"schemas": ["sales"]}, {"sales.orders", "sales.lines"}, 40),
        ({"exclude_tables": ["sales.orders"]}, {"public.customers", "sales.lines"}, 30),
        ({"exclude_schemas": ["sales"]}, {"public.customers"}, 10),
        ({"exclude_table_data": ["*.lines"]}, None, 30),
        ({"schema_only": True}, None, 0),
    ],
)
def test_parts_of_every_kind(
    backed_up: MakeBackup,
    server: TestServer,
    operator: User,
    part: dict[str, Any],
    tables: set[str] | None,
    rows: int,
) -> None:
    made = backed_up(*SHOP[1:2], *PLAIN_SHOP, drill_every=0, **part)
    with made as backup, new_name(server) as name:
        restore = restored(backup, name, operator)
        everything = {"public.customers", "sales.orders", "sales.lines"}
        assert relations(server, name) == (tables or everything)
        assert restore.rows == rows


PLAIN_SHOP = (
    "CREATE TABLE customers (id int PRIMARY KEY)",
    "INSERT INTO customers SELECT generate_series(1, 10)",
    "CREATE TABLE sales.orders (id int PRIMARY KEY)",
    "INSERT INTO sales.orders SELECT generate_series(1, 20)",
    "CREATE TABLE sales.lines (id int PRIMARY KEY, part_of int REFERENCES sales.orders)",
    "INSERT INTO sales.lines SELECT n, n FROM generate_series(1, 20) n",
)


@pytest.mark.exhaustive
def test_missing_roles_are_made_or_mapped_when_that_is_wished(
    backed_up: MakeBackup, server: TestServer, operator: User
) -> None:
    owned = (
        'CREATE ROLE "göne"',
        "CREATE ROLE reader_gone",
        "CREATE TABLE owned (n int)",
        'ALTER TABLE owned OWNER TO "göne"',
        "GRANT SELECT ON owned TO reader_gone",
        "ALTER TABLE owned ENABLE ROW LEVEL SECURITY",
        "CREATE POLICY few ON owned TO reader_gone USING (n > 0)",
    )
    with backed_up(*owned, drill_every=0) as backup:
        source = backup.database.database_name
        gone = ('DROP OWNED BY "göne"', "DROP OWNED BY reader_gone")
        server.execute(*gone, database=source)
        server.execute('DROP ROLE "göne"', "DROP ROLE reader_gone")
        found = checks(backup, operator)["roles"]
        assert found.level == "blocking"
        assert "göne" in found.message and "reader_gone" in found.message
        assert "Restore with the owner none" in found.message
        server.execute('CREATE ROLE "New Owner"')
        try:
            with new_name(server) as name:
                mapped = {"göne": "New Owner", "reader_gone": "postgres"}
                assert checks(backup, operator, role_map=mapped)["roles"].level == "ok"
                restored(backup, name, operator, role_map=mapped)
                acl = "SELECT pg_get_userbyid(relowner), relacl::text FROM pg_class"
                ((owner, grants),) = ask(server, name, f"{acl} WHERE relname = 'owned'")
                assert owner == "New Owner"
                assert "postgres=r/" in grants
                policy = "SELECT polroles::regrole[]::text FROM pg_policy"
                assert ask(server, name, policy) == [("{postgres}",)]
            for wrong in ({"stranger": "postgres"}, {"göne": "nobody here"}):
                found = checks(backup, operator, role_map=wrong)["role_map"]
                assert found.level == "blocking"
        finally:
            server.execute('DROP ROLE "New Owner"')
        with new_name(server) as name:
            assert checks(backup, operator, missing_roles="create")["roles"].level == "warning"
            restored(backup, name, operator, missing_roles="create")
            made = ask(server, name, "SELECT rolcanlogin FROM pg_roles WHERE rolname = 'göne'")
            assert made == [(False,)]
            entry = AuditEntry.objects.get(action="restore.roles_made")
            assert entry.changes["roles"] == ["göne", "reader_gone"]
        server.execute('DROP ROLE "göne"', "DROP ROLE reader_gone")


def test_an_ordinary_user_and_an_owner_of_its_own(
    backed_up: MakeBackup, server: TestServer, operator: User
) -> None:
    """All belongs to the chosen role, and the user of the connection is no superuser."""
    with backed_up(drill_every=0) as backup:
        server.execute(
            "CREATE ROLE app_owner",
            sql.SQL("CREATE ROLE maker LOGIN CREATEDB PASSWORD {}")
            .format(sql.Literal(PASSWORD))
            .as_string(None),
            "GRANT app_owner TO maker",
        )
        try:
            elsewhere = server.registered(
                "postgres", company=backup.company, name="elsewhere", username="maker"
            )
            elsewhere.save()
            for role in ("nobody here", "postgres"):
                asked = wish(backup, "fresh", keep_owners=False, role=role)
                with pytest.raises(Blocked):
                    request_restore(wish=replace(asked, server=elsewhere), actor=operator)
            with new_name(server) as name:
                asked = wish(backup, name, keep_owners=False, role="app_owner")
                restore = restore_here(
                    request_restore(wish=replace(asked, server=elsewhere), actor=operator)
                )
                assert (restore.status, restore.error) == ("completed", "")
                owners = "SELECT DISTINCT pg_get_userbyid(relowner) FROM pg_class WHERE oid > 16384"
                assert ask(server, name, owners) == [("app_owner",)]
        finally:
            server.execute(
                "DROP OWNED BY maker, app_owner", "DROP ROLE maker", "DROP ROLE app_owner"
            )


@pytest.mark.exhaustive
def test_who_cannot_give_things_to_the_sources_owner_is_told_the_way(
    backed_up: MakeBackup, server: TestServer, login: Login, operator: User
) -> None:
    """By the check's own words, and in the wizard by one click."""
    owned = ('CREATE ROLE "the Boss"', "CREATE TABLE o ()", 'ALTER TABLE o OWNER TO "the Boss"')
    secret = sql.Literal(PASSWORD).as_string(None)
    server.execute(f"CREATE ROLE poor LOGIN CREATEDB PASSWORD {secret}")
    try:
        with backed_up(*owned, drill_every=0) as backup:
            there = server.registered("postgres", company=backup.company, name="p", username="poor")
            there.save()
            looked = look_first(wish=replace(wish(backup, "fresh"), server=there), actor=operator)
            (found,) = (one for one in looked if one.code == "roles")
            assert found.level == "blocking"
            assert "Restore with the owner none" in found.message
            # Nobody is told to become a superuser.
            assert "postgres" in found.message and "GRANT" not in found.message
            assert backup.manifest is not None
            backup.manifest["contents"]["fingerprint"]["roles"] = ["the Boss"]
            looked = look_first(wish=replace(wish(backup, "fresh"), server=there), actor=operator)
            (found,) = (one for one in looked if one.code == "roles")
            assert 'GRANT "the Boss" TO poor' in found.message
            client, path = login(operator), address(backup, "/restore")
            given = {"server": there.pk, "name": "fresh", "owner": "keep", "role_map": "x = y"}
            html = client.post(path, {**given, "intent": "look"}).content.decode()
            assert 'id="without-owners"' in html and 'id="restore-now"' not in html
            form = html.split('action="#answer"')[1].split("</form>")[0]
            again = dict(re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', form))
            again.pop("csrfmiddlewaretoken", None)
            assert again == {"server": str(there.pk), "name": "fresh", "owner": "none"}
            html = client.post(path, {**again, "intent": "look"}).content.decode()
            assert 'id="without-owners"' not in html and 'id="restore-now"' in html
            assert not Restore.objects.exists()
    finally:
        server.execute("DROP ROLE poor", 'DROP ROLE "the Boss"')


NO_NAMES: list[Any] = ["x", [""], [7], ["\0"]]


def test_what_is_no_option_is_refused_by_name() -> None:
    wrong: list[tuple[str, Any]] = [
        *(("owner", value) for value in ("", "x" * 64, "é" * 32, "a\0b", 7, None)),
        *(("jobs", value) for value in (0, 17, "2", True, 2.0, None)),
        *(("schemas", value) for value in NO_NAMES),
        *(("tables", value) for value in NO_NAMES),
        ("role_map", []),
        ("role_map", {"a": ""}),
        ("role_map", {"": "b"}),
        *[(name, "yes") for name in ("analyze", "schema_only", "no_privileges", "globals")],
        ("missing_roles", "drop"),
        ("data_only", True),
        ("--clean", True),
    ]
    for name, value in wrong:
        with pytest.raises(BadOption) as refused:
            parse_options({name: value})
        assert refused.value.option == name
    both: list[dict[str, Any]] = [{"role_map": {"a": "b"}}, {"missing_roles": "create"}]
    for together in both:
        with pytest.raises(BadOption):
            parse_options({"owner": "none", **together})
    options = parse_options(
        {"owner": "app", "tables": ["-t", "a.b*"], "jobs": 2, "globals": True, "data_only": False}
    )
    assert (options.role, options.keep_owners, options.jobs) == ("app", False, 2)
    assert options.tables == ["-t", "a.b*"]
