"""An archive's table of contents, read while it comes: as pg_restore tells it, and never fooled."""

import os
import struct
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from backups.engines.postgres import toc_reader
from backups.engines.postgres.clients import ClientSet, choose_for_dump
from backups.engines.postgres.items import Items
from backups.engines.postgres.restore import list_file
from backups.engines.postgres.roles import replaced, with_roles
from backups.engines.postgres.selection import choose, unmatched
from backups.engines.postgres.toc import CUSTOM, TAR, Entry, Raw, Toc
from backups.engines.postgres.toc_reader import LONGEST_NAME, MOST_NEEDS, TocReader, printable
from backups.file_errors import Refused
from monitoring.files.journal import Journal
from tests.backups.fingerprints.test_fingerprints import SOURCE
from tests.backups.servers import PASSWORD, TestServer, started_server

pytestmark = pytest.mark.xdist_group("fingerprints")

MORE = (
    'CREATE TABLE "TABLE DATA public x" ("a b" int)',
    "CREATE TABLE base (id int PRIMARY KEY)",
    "CREATE TABLE child () INHERITS (base)",
    "CREATE VIEW over_base AS SELECT * FROM base",
    "CREATE TABLE refers (k int UNIQUE, self int REFERENCES refers (k), b int REFERENCES base)",
)


@pytest.fixture(
    scope="module",
    params=[17, *(pytest.param(one, marks=pytest.mark.exhaustive) for one in (15, 18))],
)
def archive(request: pytest.FixtureRequest) -> Iterator[tuple[bytes, ClientSet]]:
    server: TestServer = started_server(request.param)
    clients = choose_for_dump(server.major, needs_tls=False)
    environment = {"PGPASSWORD": PASSWORD, "PGHOST": "127.0.0.1", "PGPORT": str(server.port)}
    with server.database(*SOURCE, *MORE) as made:
        dumped = subprocess.run(
            [clients.program("pg_dump"), "-Fc", "-Z0", made.database_name],
            env={**environment, "PGUSER": made.username},
            capture_output=True,
            check=True,
        ).stdout
    yield dumped, clients


def read(dumped: bytes, *, pieces: int = 100) -> Toc:
    reader, entries = TocReader(), list[Entry]()
    for at in range(0, len(dumped), pieces):
        entries += reader.take(dumped[at : at + pieces])
        if reader.is_over:
            break
    assert reader.is_over and reader.head is not None
    return Toc(reader.head, tuple(entries), reader.size)


def listed(dumped: bytes, clients: ClientSet, *arguments: str) -> list[str]:
    done = subprocess.run(
        [clients.program("pg_restore"), "--list", *arguments],
        input=dumped,
        env={"PATH": os.defpath, "LC_ALL": "C"},
        capture_output=True,
        check=True,
    )
    return [line for line in done.stdout.decode().splitlines() if line[:1] not in ("", ";")]


def test_it_is_what_pg_restore_reads(archive: tuple[bytes, ClientSet], tmp_path: Path) -> None:
    dumped, clients = archive
    toc = read(dumped)
    assert toc == read(dumped, pieces=1 << 20)
    assert toc.with_entries(lambda entry: entry) == dumped[: toc.size]
    hidden = {"ENCODING", "STDSTRINGS", "SEARCHPATH", "DATABASE"}
    mine = [one for one in toc.entries if one.kind not in hidden]
    found = {
        f"{one.number}; {one.kind} {one.schema or '-'} {one.name} {one.owner or ''}".strip()
        for one in mine
    }
    theirs = set()
    for line in listed(dumped, clients):
        number, rest = line.split("; ", 1)
        theirs.add(f"{number}; {rest.split(' ', 2)[2]}".strip())
    assert found == theirs
    # What is written with other owners is read by pg_restore as well.
    changed = toc.with_entries(lambda one: with_roles(one, {"postgres": "somebody else"}))
    said = listed(changed + dumped[toc.size :], clients)
    assert len(said) == len(theirs)
    assert all(line.endswith("somebody else") for line in said if " TABLE DATA " in line)


def test_a_choice_is_closed_and_its_list_is_taken(
    archive: tuple[bytes, ClientSet], tmp_path: Path
) -> None:
    dumped, clients = archive
    toc = read(dumped)

    def names(kind: str, **wanted: list[str]) -> set[str]:
        chosen = choose(toc, **{"schemas": [], "tables": [], **wanted})
        return {one.name for one in chosen.taken if one.kind == kind}

    assert names("TABLE", tables=["child"]) == {"child", "base"}
    assert names("TABLE DATA", tables=["child"]) == {"child"}
    assert names("TABLE", tables=["over_base"]) == {"base"}
    assert names("TABLE DATA", tables=["over_base"]) == set()
    assert names("TABLE DATA", tables=["parts"]) == {"parts_a", "parts_b"}
    assert names("TYPE", tables=["moody"]) == {"mood"}
    assert names("EXTENSION", tables=["moody"]) == {"citext"}
    assert names("SEQUENCE SET", tables=["plain"]) == {"plain_id_seq"}
    assert names("SCHEMA", schemas=["Ödd name"]) == {"Ödd name"}
    assert names("FK CONSTRAINT", tables=["refers"]) == {"refers refers_self_fkey"}
    assert len(names("FK CONSTRAINT", tables=["refers", "base"])) == 2
    assert names("TABLE", tables=["TABLE DATA public x"]) == {"TABLE DATA public x"}
    choice = choose(toc, schemas=[], tables=["refers"])
    assert choice.left_out == ("refers refers_b_fkey",)
    assert choose(toc, schemas=[], tables=[]).is_all
    chosen = tmp_path / "list"
    chosen.write_bytes(list_file(choice.numbers))
    said = listed(dumped, clients, f"--use-list={chosen}")
    assert [int(line.split(";")[0]) for line in said] == [one.number for one in choice.taken]
    assert unmatched(["base", "public.*", "s.t", "ba*e"], ["public.base"]) == ["s.t"]


def test_what_is_none_is_refused_and_what_is_cut_waits(archive: tuple[bytes, ClientSet]) -> None:
    dumped, _clients = archive
    size = read(dumped).size
    for at in range(0, size, 211):
        reader = TocReader()
        reader.take(dumped[:at])
        assert not reader.is_over
    for wrong in (
        b"-- a plain dump of so many lines",
        b"PGDMP\x01\x63" + dumped[7:],
        b"\x1f\x8b" * 9,
    ):
        with pytest.raises(Refused):
            TocReader().take(wrong)
    # Each byte otherwise: read, refused, or waited for; nothing else.
    for at in range(5, size, 127):
        reader = TocReader()
        try:
            reader.take(dumped[:at] + bytes([dumped[at] ^ 0xFF]) + dumped[at + 1 :])
        except Refused:
            continue


def text(value: bytes | None) -> bytes:
    return b"\1" + struct.pack("<i", 1) if value is None else number(len(value)) + value


def number(value: int) -> bytes:
    return b"\0" + struct.pack("<i", value)


def made(
    *, kind: int = CUSTOM, name: bytes = b"a", needs: tuple[bytes, ...] = (), file: bytes = b""
) -> bytes:
    """An archive of one table, in format 1.14."""
    head = b"PGDMP" + bytes((1, 14, 0, 4, 8, kind)) + 8 * number(0) + 3 * text(b"17.1")
    begin = number(7) + number(0) + 2 * text(b"0") + text(name) + text(b"TABLE") + number(2)
    middle = text(b"CREATE") + 2 * text(b"") + text(b"public") + 2 * text(b"")
    end = text(b"me") + text(b"false") + b"".join(map(text, needs)) + text(None)
    return head + number(1) + begin + middle + end + (bytes(9) if kind == CUSTOM else text(file))


@pytest.mark.parametrize(
    ("archive", "code"),
    [
        (made(name=b"a\0b"), "file_damaged"),
        (made(needs=(b"-1",)), "file_damaged"),
        (made(needs=(b"1",) * (MOST_NEEDS + 1)), "file_damaged"),
        (made(name=b"a" * (LONGEST_NAME + 1)), "file_damaged"),
        (made(kind=TAR, file=b"../7.dat"), "file_hostile"),
    ],
    ids=("zero byte", "no number", "too many needs", "a name too long", "another file"),
)
def test_what_no_pg_dump_writes_is_refused(archive: bytes, code: str) -> None:
    with pytest.raises(Refused) as refused:
        TocReader().take(archive)
    assert refused.value.code == code


def test_an_item_without_an_end_is_refused_and_read_a_few_times_only(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(toc_reader, "LONGEST_ITEM", 1 << 20)
    readings: list[int] = []
    read_text = toc_reader._Source.text

    def counted(source: toc_reader._Source, *longest: int) -> str | None:
        readings.append(source.at)
        return read_text(source, *longest)

    monkeypatch.setattr(toc_reader._Source, "text", counted)
    head = made(name=b"a")
    text_at = head.index(text(b"CREATE"))
    archive = head[:text_at] + 4 * text(b"x" * (600 << 10))
    reader = TocReader()
    with pytest.raises(Refused) as refused:
        for at in range(0, len(archive), 100):
            reader.take(archive[at : at + 100])
    assert refused.value.code == "file_damaged"
    # Each text is read a few times, and not again for each hundred bytes.
    assert len(readings) < 60


def test_a_strange_name_is_kept_and_can_be_said() -> None:
    archive = made(name=b"\xff", needs=(b"3", b"4"))
    reader = TocReader()
    found = [one for at in range(len(archive)) for one in reader.take(archive[at : at + 1])]
    assert reader.head is not None and reader.is_over
    toc = Toc(reader.head, tuple(found), reader.size)
    assert (found[0].needs, toc.size, reader.rest) == ((3, 4), len(archive), b"")
    assert toc.with_entries(lambda entry: entry) == archive
    assert printable(found[0].full_name) == "public.\ufffd"


@pytest.mark.parametrize(
    ("kind", "sql", "said"),
    [
        (
            "ACL",
            'GRANT SELECT(old) ON TABLE "TO old".old TO old WITH GRANT OPTION;',
            'TO "n e" WITH',
        ),
        ("ACL", 'REVOKE ALL ON TABLE "FROM old;" FROM PUBLIC, old;', 'PUBLIC, "n e";'),
        ("DEFAULT ACL", "ALTER DEFAULT PRIVILEGES FOR ROLE old IN SCHEMA old;", 'ROLE "n e" IN'),
        (
            "ACL",
            "SET SESSION AUTHORIZATION old;\nGRANT x ON SCHEMA old TO r;",
            'AUTHORIZATION "n e"',
        ),
        (
            "POLICY",
            "CREATE POLICY old ON t TO a, old USING (EXTRACT(year FROM old) > 1);",
            'a, "n e"',
        ),
        (
            "USER MAPPING",
            "CREATE USER MAPPING FOR old SERVER s OPTIONS (p 'FOR old');",
            'FOR "n e" S',
        ),
    ],
)
def test_roles_change_and_nothing_else(kind: str, sql: str, said: str) -> None:
    entry = Entry(1, kind, "x", "public", "old", sql, (), Raw(b"", b"", b""))
    changed = with_roles(entry, {"old": "n e", "public": "never"})
    assert changed.owner == "n e"
    assert changed.text is not None and said in changed.text
    assert changed.text.replace('"n e"', "old") == sql
    assert changed.text.count('"n e"') == 1
    assert replaced(sql, {}) == sql


def test_items_are_counted_as_they_begin() -> None:
    items = Items(Journal())
    assert items.share() is None
    items.total = 4
    for line in (
        'pg_restore: creating TABLE "public.a"',
        'pg_restore: processing data for table "public.a"',
        "pg_restore: processing item 7 TABLE a",
        "pg_restore: executing SEQUENCE SET a_seq",
    ):
        items.hear(line)
    assert (items.begun, items.share()) == (3, 0.5)
    items.inside = 0.4
    assert items.share() == pytest.approx(0.6)
    items.hear('pg_restore: creating INDEX "public.i"')
    assert items.share() == 0.75
