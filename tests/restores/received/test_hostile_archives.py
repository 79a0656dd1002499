"""Genuine archives in which a stranger has written: refused by name, and the server is as it was.

An archive's items are statements; the file as a whole is not cut, and nothing in it is damaged.
"""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from access.models import User
from backups.engines.postgres.toc import Entry, Toc
from backups.engines.postgres.toc_reader import TocReader
from backups.models import Database
from tests.backups.servers import TestServer
from tests.restores.received.dumps import dump
from tests.restores.received.test_hostile import code_of
from tests.restores.received.test_restoring import roles, target
from tests.restores.test_restore import databases, new_name

__all__ = ["target"]

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.xdist_group("restores")]

TOUCHED = Path("/tmp/holdfast-was-here")
COPIED = b"FROM stdin;\n"
# Each of them in place of a function's definition.
STATEMENTS = (
    f"COPY pg_class TO PROGRAM 'touch {TOUCHED}';",
    f"COPY pg_class TO '{TOUCHED}';",
    f"\\! touch {TOUCHED}\n",
    "SET SESSION AUTHORIZATION postgres; SELECT pg_reload_conf();",
    "COMMIT; DROP ROLE postgres;",
    "CREATE ROLE mighty SUPERUSER;",
    "ALTER ROLE postgres PASSWORD 'x';",
    "GRANT pg_execute_server_program TO CURRENT_USER;",
    "ALTER SYSTEM SET port = 1;",
    "ALTER DATABASE postgres SET log_statement = 'none';",
    "DROP DATABASE postgres;",
    "UPDATE pg_database SET datallowconn = false;",
    "CREATE TABLE pg_catalog.mine (n int);",
    "CREATE LANGUAGE plpython3u;",
    "LOAD '/tmp/evil.so';",
    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'postgres';"
    " SELECT 1 / 0;",
    "CREATE EVENT TRIGGER mine ON ddl_command_end EXECUTE FUNCTION f();",
    "CREATE CAST (int AS text) WITHOUT FUNCTION AS IMPLICIT;",
    "CREATE OPERATOR CLASS mine DEFAULT FOR TYPE int USING btree AS OPERATOR 1 <;",
    "SECURITY LABEL ON ROLE postgres IS 'x';",
)
ALWAYS = {STATEMENTS[0], STATEMENTS[4]}


def changed(kind: str, text: str) -> bytes:
    """With this text in the first item of the kind."""
    body = dump(17, "custom")
    toc = toc_of(body)
    first = next(entry.number for entry in toc.entries if entry.kind == kind)

    def change(entry: Entry) -> Entry:
        return replace(entry, text=text) if entry.number == first else entry

    return toc.with_entries(change) + body[toc.size :]


def toc_of(body: bytes) -> Toc:
    reader = TocReader()
    entries = reader.take(body)
    assert reader.head is not None and reader.is_over
    return Toc(reader.head, tuple(entries), reader.size)


def cases() -> list[Any]:
    return [
        pytest.param(one, marks=() if one in ALWAYS else pytest.mark.exhaustive)
        for one in STATEMENTS
    ]


@pytest.mark.parametrize("statement", cases())
def test_a_statement_of_a_strangers(
    target: Database, server: TestServer, admin: User, statement: str
) -> None:
    assert_contained(target, server, admin, changed("FUNCTION", statement))


def test_rows_that_come_from_elsewhere(target: Database, server: TestServer, admin: User) -> None:
    """What copies a table's rows is a statement of the archive's, too; of the same length here."""
    body = dump(17, "custom")
    toc = toc_of(body)
    start = body.index(b"COPY public.customers")
    end = body.index(COPIED, start) + len(COPIED)
    wanted = b"COPY customers FROM PROGRAM 'id';"
    assert start < toc.size and end - start >= len(wanted)
    hostile = body[:start] + wanted.ljust(end - start - 1) + b"\n" + body[end:]
    assert_contained(target, server, admin, hostile)


def test_an_item_twice(target: Database, server: TestServer, admin: User) -> None:
    body = dump(17, "custom")
    toc = toc_of(body)
    twice = [entry for entry in toc.entries if entry.kind == "FUNCTION"][:1]
    head = toc.head.raw
    size = toc.head.int_size
    assert head[-size:] == toc.head.items.to_bytes(size, "little")
    head = head[:-size] + (toc.head.items + 1).to_bytes(size, "little")
    more = Toc(replace(toc.head, raw=head), (*toc.entries, *twice), toc.size)
    hostile = more.with_entries(lambda entry: entry) + body[toc.size :]
    assert_contained(target, server, admin, hostile)


def assert_contained(target: Database, server: TestServer, admin: User, body: bytes) -> None:
    before = databases(server), roles(server)
    TOUCHED.unlink(missing_ok=True)
    with new_name(server) as name:
        code, said = code_of(target, admin, body, name)
        assert code in ("restore_failed", "permission_denied", "file_damaged"), (code, said)
        assert (databases(server), roles(server)) == before
    assert not TOUCHED.exists()
    with server.connect() as connection:
        row = connection.execute(
            "SELECT count(*) FROM pg_db_role_setting WHERE setrole = 0"
        ).fetchone()
        assert row == (0,)
