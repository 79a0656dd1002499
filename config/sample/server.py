"""Makes the sample database in the embedded server: a role, a database, its content.

It knows nothing of Holdfast's own tables; `config.sample` registers what is made here.
"""

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import psycopg
from psycopg.conninfo import make_conninfo
from psycopg.sql import SQL, Identifier, Literal

NAME = "shop"
UNFINISHED = "shop_building"
CONTENT = Path(__file__).parent
# Two starts of one installation may meet here: a session lock, in the server itself.
LOCK = 0x486F6C6466617374

Admin = psycopg.Connection[tuple[object, ...]]


@dataclass(frozen=True)
class SampleDatabase:
    """How to reach the sample. ``password`` is None when an existing one was left alone."""

    host: str
    port: int
    name: str
    user: str
    password: str | None = field(repr=False)


def create_sample_database(*, admin: str, renew_password: bool = False) -> SampleDatabase:
    """Make the sample, or keep the finished one.

    ``admin`` is a conninfo of a role that may create roles and databases. The content is
    built under another name and renamed at the end, so a database called `shop` is a whole
    one: what a killed attempt left is dropped and made again.
    Raises psycopg.Error.
    """
    with psycopg.connect(admin, autocommit=True) as connection, _locked(connection):
        info = connection.info
        finished = _database_exists(connection, NAME)
        password = None if finished and not renew_password else secrets.token_urlsafe(24)
        if password is not None:
            _give_role_a_password(connection, password)
        if not finished:
            _start_afresh(connection)
            owner = make_conninfo(admin, dbname=UNFINISHED, user=NAME, password=password)
            _build_content(owner)
            connection.execute(
                SQL("ALTER DATABASE {} RENAME TO {}").format(
                    Identifier(UNFINISHED), Identifier(NAME)
                )
            )
        return SampleDatabase(info.host, info.port, NAME, NAME, password)


@contextmanager
def _locked(connection: Admin) -> Iterator[None]:
    connection.execute("SELECT pg_advisory_lock(%s)", [LOCK])
    try:
        yield
    finally:
        connection.execute("SELECT pg_advisory_unlock(%s)", [LOCK])


def _database_exists(connection: Admin, name: str) -> bool:
    found = connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name])
    return found.fetchone() is not None


def _give_role_a_password(connection: Admin, password: str) -> None:
    # The verifier is made here, so that the password itself is in no statement and no log.
    verifier = connection.pgconn.encrypt_password(
        password.encode(), NAME.encode(), b"scram-sha-256"
    ).decode()
    exists = connection.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [NAME]).fetchone()
    if exists is None:
        # Without this a creator that is no superuser could not hand a database to the role.
        connection.execute("SET createrole_self_grant = 'set, inherit'")
    verb = SQL("CREATE" if exists is None else "ALTER")
    # It may create databases, so that a restore can be tried with it.
    statement = SQL("{} ROLE {} LOGIN CREATEDB PASSWORD {}")
    connection.execute(statement.format(verb, Identifier(NAME), Literal(verifier)))
    # So can a replacement: names are changed from another database. This one holds nothing.
    connection.execute(SQL("GRANT CONNECT ON DATABASE postgres TO {}").format(Identifier(NAME)))


def _start_afresh(connection: Admin) -> None:
    name = Identifier(UNFINISHED)
    connection.execute(SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(name))
    # The builtin provider sorts and folds alike on every machine, whatever its locale.
    connection.execute(
        SQL(
            "CREATE DATABASE {} OWNER {} TEMPLATE template0 ENCODING 'UTF8' LOCALE 'C' "
            "LOCALE_PROVIDER builtin BUILTIN_LOCALE 'C.UTF-8'"
        ).format(name, Identifier(NAME))
    )
    connection.execute(SQL("REVOKE ALL ON DATABASE {} FROM PUBLIC").format(name))


def _build_content(owner: str) -> None:
    settings = "-c TimeZone=UTC -c synchronous_commit=off -c maintenance_work_mem=128MB"
    with psycopg.connect(owner, options=settings, application_name="holdfast:sample") as connection:
        for part in sorted(CONTENT.glob("*.sql")):
            connection.execute(part.read_bytes())
    with psycopg.connect(owner, autocommit=True) as connection:
        connection.execute("VACUUM ANALYZE")
