"""Plain SQL is read alike in pieces of any size, and a cut one never passes for a whole."""

import copy

import pytest

from backups.engines.postgres.outside.script import Script
from backups.errors import BackupError
from tests.restores.received.dumps import dump

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.xdist_group("restores")]

HEAD = "--\n-- PostgreSQL database dump\n--\n"
TAIL = "\n--\n-- PostgreSQL database dump complete\n--\n\n"


def read(body: bytes, step: int = 1 << 20) -> bytes:
    passed: list[bytes] = []
    script = Script(passed.append)
    for start in range(0, len(body), step):
        script.feed(body[start : start + step])
    script.finish()
    return b"".join(passed)


def scripts() -> list[bytes]:
    return [dump(17, "plain"), dump(17, "plain", "--inserts", "--no-owner")]


@pytest.mark.exhaustive
def test_pieces_of_any_size_are_read_alike() -> None:
    for body in scripts():
        whole = read(body)
        for step in (1, 61, 4096):
            assert read(body, step) == whole
        assert b"OWNER TO" not in whole
        assert b"restrict" not in whole


@pytest.mark.exhaustive
def test_a_script_cut_anywhere_is_refused() -> None:
    for body in scripts():
        # The empty line at the very end says nothing.
        for end in range(0, len(body.rstrip(b"\n")), 2999):
            with pytest.raises(BackupError):
                read(body[:end])


@pytest.mark.exhaustive
def test_a_script_cut_after_any_byte_is_refused() -> None:
    for body in scripts():
        script = Script(ignore)
        for number in range(len(body.rstrip(b"\n"))):
            cut = copy.deepcopy(script)
            with pytest.raises(BackupError):
                cut.finish()
            script.feed(body[number : number + 1])


def ignore(_statement: bytes) -> None:
    pass


@pytest.mark.parametrize(
    "statement",
    [
        r"INSERT INTO t VALUES (1, E'a\'b; \\', 'it''s', -1.5e3, NULL);",
        r"INSERT INTO t VALUES ('c:\', U&'d\0061t', B'01', X'1F', ARRAY[1,2]);",
        "INSERT INTO t VALUES ('two\nlines; -- no comment', $a$ ' $b$ $a$);",
        'CREATE TABLE "a;""b" (n int DEFAULT \'1\'::integer);',
        "CREATE FUNCTION f() RETURNS int BEGIN ATOMIC SELECT CASE WHEN 1=1 THEN 1 END; END;",
        "SELECT 1 /* a ; /* nested ' */ \" */ + 2;",
        "SELECT a[1:2], b::text, c -- ; '\n FROM d;",
    ],
)
def test_a_statement_is_one_however_it_is_cut(statement: str) -> None:
    body = f"{HEAD}{statement}\nSELECT 'after';{TAIL}".encode()
    script = Script()
    script.feed(body)
    script.finish()
    whole = read(body)
    assert statement.encode() in whole
    for step in (1, 2, 3, 5):
        assert read(body, step) == whole


@pytest.mark.parametrize(
    "hidden",
    [
        "SELECT 1$a$; \\! id $a$;",
        "SELECT E'a' \n '\\'; \\! id ';",
        "SELECT $1a$b$; \\! id $b$;",
        "SELECT (1;\n\\! id\n);",
        "INSERT INTO t VALUES (1E'\\'');\n\\! id",
        "SELECT 'a\\'; \\! id --';",
    ],
)
def test_what_two_readers_might_read_otherwise_is_refused(hidden: str) -> None:
    for step in (1, 1 << 20):
        with pytest.raises(BackupError):
            read(f"{HEAD}{hidden}{TAIL}".encode(), step)
