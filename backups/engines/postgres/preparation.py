"""What an archive expects to find: roles, a database with its encoding and locale, schemas."""

from typing import Any

import psycopg
from psycopg import sql

from backups.engines.postgres.connection import Server, named_failure


def make_roles(session: psycopg.Connection[Any], roles: list[str]) -> None:
    """For a throw-away server. Superusers: event triggers and foreign data wrappers can belong to
    nobody else; the server itself is what is confined."""
    for role in roles:
        session.execute(sql.SQL("CREATE ROLE {} SUPERUSER").format(sql.Identifier(role)))


def make_database(session: psycopg.Connection[Any], name: str, marks: dict[str, Any]) -> str:
    """The database, as the source's was made; the name of what it had to be made without.

    What an order of letters decides is decided anew wherever it is restored.
    """
    plain = sql.SQL("CREATE DATABASE {} TEMPLATE template0 ENCODING {}").format(
        sql.Identifier(name), sql.Literal(marks["encoding"])
    )
    locale = sql.SQL("{} LC_COLLATE {} LC_CTYPE {}").format(
        plain, sql.Literal(marks["collate"]), sql.Literal(marks["ctype"])
    )
    try:
        session.execute(locale)
    except psycopg.Error:
        session.execute(sql.SQL("{} LC_COLLATE 'C' LC_CTYPE 'C'").format(plain))
        return f"locale {marks['collate']}"
    return ""


def locale_of(session: psycopg.Connection[Any], name: str) -> dict[str, str]:
    """Encoding and locale of a database that is there, as a fingerprint has them."""
    row = session.execute(
        "SELECT pg_encoding_to_char(encoding), datcollate, datctype FROM pg_database"
        " WHERE datname = %s",
        [name],
    ).fetchone()
    assert row is not None
    return dict(zip(("encoding", "collate", "ctype"), row, strict=True))


def give_database(server: Server, name: str, *, role: str) -> None:
    """So that the role may make things in it. Raises BackupError."""
    with server.connect(application="holdfast:give") as session:
        try:
            session.execute(
                sql.SQL("ALTER DATABASE {} OWNER TO {}").format(
                    sql.Identifier(name), sql.Identifier(role)
                )
            )
        except psycopg.Error as error:
            raise named_failure(str(error)) from error


def missing_extensions(session: psycopg.Connection[Any], marks: dict[str, Any]) -> list[str]:
    rows = session.execute("SELECT name FROM pg_available_extensions").fetchall()
    available = {row[0] for row in rows}
    return sorted(marks.get("extensions", {}).keys() - available)


def make_schemas(server: Server, manifest: dict[str, Any]) -> None:
    """What the archive expects to be there, and nothing that it makes itself."""
    marks = manifest["contents"]["fingerprint"]
    options = manifest.get("options") or {}
    with server.connect(application="holdfast:drill") as session:
        if options.get("schemas") or "public" not in marks.get("objects", {}).get(
            "schema", {"public": ""}
        ):
            # With --schema pg_dump makes it anew, and some databases have none.
            session.execute("DROP SCHEMA public CASCADE")
        if options.get("tables"):
            for name in {table.split(".")[0] for table in marks["tables"]} - {"public"}:
                session.execute(
                    sql.SQL("CREATE SCHEMA IF NOT EXISTS {}").format(sql.Identifier(name))
                )


def leaves_out(manifest: dict[str, Any]) -> bool:
    """Whether what is in the archive may need what is not."""
    options = manifest.get("options") or {}
    narrowing = ("schemas", "exclude_schemas", "tables", "exclude_tables")
    return any(options.get(name) for name in narrowing)
