"""The sample shop: what is in it, who may reach it, and that it is made once and whole."""

from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from django.conf import settings
from psycopg.conninfo import make_conninfo

from access.models import Company
from backups.errors import BackupError
from backups.models import Backup, Database
from config.sample import FIRST_START, create_sample
from config.sample.server import NAME, UNFINISHED, SampleDatabase, create_sample_database
from storage.services import create_local_target

# One server, one name: these tests take turns.
pytestmark = pytest.mark.xdist_group("sample")


@pytest.fixture(scope="module", autouse=True)
def admin() -> Iterator[str]:
    source = make_conninfo(host=str(settings.PLACES.sockets), user="holdfast", dbname="postgres")
    yield source
    with psycopg.connect(source, autocommit=True) as connection:
        connection.execute(f"DROP DATABASE IF EXISTS {NAME} WITH (FORCE)")
        if connection.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [NAME]).fetchone():
            connection.execute(f"DROP OWNED BY {NAME}")
            connection.execute(f"DROP ROLE {NAME}")


@pytest.fixture
def sample(admin: str) -> SampleDatabase:
    """The sample, made for the first test that wants it."""
    return create_sample_database(admin=admin, renew_password=True)


def conninfo(sample: SampleDatabase, **changes: str | None) -> str:
    known = {"host": sample.host, "port": str(sample.port), "dbname": sample.name}
    return make_conninfo(
        "", **{**known, "user": sample.user, "password": sample.password, **changes}
    )


def ask(source: str, question: str) -> object:
    with psycopg.connect(source) as connection:
        row = connection.execute(question).fetchone()
    assert row is not None
    return row[0]


def test_has_a_realistic_number_of_rows_and_tables(sample: SampleDatabase) -> None:
    ours = "relnamespace IN ('public'::regnamespace, 'warehouse'::regnamespace)"
    rows = f"SELECT sum(reltuples)::integer FROM pg_class WHERE relkind = 'r' AND {ours}"
    assert 250_000 < int(str(ask(conninfo(sample), rows))) < 500_000
    tables = "relkind IN ('r', 'p') AND NOT relispartition"
    counted = f"SELECT count(*) FROM pg_class WHERE {tables} AND {ours}"
    assert int(str(ask(conninfo(sample), counted))) >= 12


@pytest.mark.parametrize(
    ("what", "question"),
    [
        ("large objects", "SELECT count(*) >= 36 FROM pg_largeobject_metadata"),
        ("pictures", "SELECT count(lo_get(picture)) >= 24 FROM products WHERE picture IS NOT NULL"),
        ("view", "SELECT count(*) = 1 FROM pg_views WHERE viewname = 'customer_totals'"),
        ("filled materialized view", "SELECT sum(orders) > 0 FROM monthly_sales"),
        ("function", "SELECT warehouse.available(1000) > 0"),
        ("trigger that ran", "SELECT count(*) > 0 FROM price_changes"),
        ("partitions", "SELECT count(*) > 5 FROM pg_inherits WHERE inhparent = 'orders'::regclass"),
        (
            "citext",
            "SELECT count(*) = 1 FROM customers WHERE email = "
            "(SELECT upper(email::text)::citext FROM customers WHERE id = 7)",
        ),
        ("non-ASCII names", 'SELECT count("straße") > 0 FROM "Адреса доставки"'),
        ("empty table", "SELECT count(*) = 0 FROM gift_cards"),
        ("json as written", "SELECT count(*) > 0 FROM payments WHERE answer::text LIKE '%:  %'"),
        ("rows without a key", "SELECT count(*) > count(DISTINCT p) FROM page_views AS p"),
    ],
)
def test_has_what_dumps_stumble_over(sample: SampleDatabase, what: str, question: str) -> None:
    assert ask(conninfo(sample), question) is True


def test_owner_is_an_ordinary_role_and_alone_may_connect(
    sample: SampleDatabase, admin: str
) -> None:
    assert ask(conninfo(sample), "SELECT NOT rolsuper FROM pg_roles WHERE rolname = current_user")
    assert ask(admin, f"SELECT NOT has_database_privilege('pg_monitor', '{NAME}', 'CONNECT')")
    with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
        psycopg.connect(conninfo(sample, password="wrong"))
    # From where the names of a replaced database are changed.
    assert ask(conninfo(sample, dbname="postgres"), "SELECT 1")


def test_finished_sample_is_kept_and_its_password_renewed_only_when_asked(
    sample: SampleDatabase, admin: str
) -> None:
    made = ask(admin, f"SELECT oid FROM pg_database WHERE datname = '{NAME}'")
    assert create_sample_database(admin=admin).password is None
    assert ask(conninfo(sample), "SELECT 1") == 1
    renewed = create_sample_database(admin=admin, renew_password=True)
    assert ask(conninfo(renewed), "SELECT 1") == 1
    assert ask(admin, f"SELECT oid FROM pg_database WHERE datname = '{NAME}'") == made
    with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
        psycopg.connect(conninfo(sample))


@pytest.mark.exhaustive
def test_what_a_killed_attempt_left_is_made_again(admin: str, sample: SampleDatabase) -> None:
    """Killed before the rename: there is a half-built database and a role, and no sample."""
    with psycopg.connect(admin, autocommit=True) as connection:
        connection.execute(f"DROP DATABASE {NAME} WITH (FORCE)")
        connection.execute(f"CREATE DATABASE {UNFINISHED} OWNER {NAME}")
    made = create_sample_database(admin=admin)
    assert ask(conninfo(made), "SELECT count(*) > 0 FROM orders") is True
    assert ask(admin, f"SELECT count(*) FROM pg_database WHERE datname = '{UNFINISHED}'") == 0


@pytest.mark.exhaustive
def test_first_start_registers_it_and_requests_one_backup(
    db: None, admin: str, tmp_path: Path
) -> None:
    company = Company.objects.create(name="Home")
    create_local_target(
        company=company, name="Vault", folder=tmp_path, actor=FIRST_START, is_default=True
    )
    assert create_sample(company=company) is True
    database = Database.objects.get()
    assert (database.company, database.database_name) == (company, NAME)
    assert database.password not in database.password_sealed
    assert Backup.objects.get().database == database
    assert create_sample(company=company) is False
    assert Backup.objects.count() == 1


@pytest.mark.exhaustive
def test_a_deleted_sample_does_not_come_back(db: None, admin: str, tmp_path: Path) -> None:
    company = Company.objects.create(name="Home")
    create_local_target(
        company=company, name="Vault", folder=tmp_path, actor=FIRST_START, is_default=True
    )
    create_sample(company=company)
    Backup.objects.all().delete()
    Database.objects.all().delete()
    assert create_sample(company=company) is False
    assert not Database.objects.exists()


def test_without_a_place_for_its_backup_it_is_not_registered_either(db: None, admin: str) -> None:
    with pytest.raises(BackupError):
        create_sample(company=Company.objects.create(name="Home"))
    assert not Database.objects.exists()
