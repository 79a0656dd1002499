"""Files that no restore should trust: what is in each, and by which code it is refused."""

import struct
from collections.abc import Callable, Iterator
from functools import partial

import pyrage

from tests.restores.received.cases import MAJOR, Case, case, custom, plain
from tests.restores.received.dumps import aged, dump, gzipped, zstandard
from tests.restores.received.hostile_tars import tars


def cuts() -> Iterator[Case]:
    for name, make in (
        ("custom", custom),
        ("tar", lambda: dump(MAJOR, "tar")),
        ("directory", lambda: dump(MAJOR, "directory")),
        ("plain", plain),
        ("custom-gzip", lambda: gzipped(custom())),
        ("plain-zstd", lambda: zstandard(plain())),
        ("custom-age", lambda: aged(custom())),
    ):
        for permille in (1, 100, 300, 500, 700, 900, 990):
            yield case(
                f"{name} cut at {permille}",
                partial(_cut_made, make, permille),
            )
    for name, make in (("custom", custom), ("custom-gzip", lambda: gzipped(custom()))):
        yield case(f"{name} without its last byte", partial(_without_last, make))


def cut(body: bytes, permille: int) -> bytes:
    """Behind the end of a tar stand zeros; without them all it still is whole."""
    body = body.rstrip(b"\0")
    return body[: len(body) * permille // 1000]


def _cut_made(make: Callable[[], bytes], permille: int) -> bytes:
    return cut(make(), permille)


def _without_last(make: Callable[[], bytes]) -> bytes:
    return make()[:-1]


def inserted(text: str, *, before: bytes = b"\nCREATE TABLE") -> Callable[[], bytes]:
    """A genuine script with a line of a stranger's."""

    def make() -> bytes:
        head, found, tail = plain().partition(before)
        assert found
        return head + b"\n" + text.encode() + b"\n" + found + tail

    return make


def _copy_cut() -> bytes:
    body = plain()
    rows = body.index(b"FROM stdin;\n")
    return body[: rows + 200]


def _copy_cut_with_trailer() -> bytes:
    return _copy_cut() + b"\n--\n-- PostgreSQL database dump complete\n--\n\n"


def scripts() -> Iterator[Case]:
    for line in (
        *(r"\! touch /tmp/holdfast-was-here", r"\connect postgres", r"\i /etc/passwd"),
        *(r"\copy x from '/etc/passwd'", r"\o /tmp/out", r"\set x 1", r"\gexec", r"\ir other"),
        *(r"SELECT 1 \; SELECT 2;", r"\unrestrict wrongkey", r"\unrestrict x`id`"),
        r"\restrict another",
    ):
        yield case(f"psql {line}", inserted(line), "file_hostile", says="Line")
    for line in (
        "COPY customers FROM PROGRAM 'id';",
        "COPY customers TO PROGRAM 'id';",
        "COPY customers FROM '/etc/passwd';",
        "copy/**/customers from program 'id';",
        'COPY "customers" (name) FROM PROGRAM $$id$$;',
        "COPY customers TO '/tmp/x';",
        "COPY customers FROM stdin; SELECT 1;",
        "ALTER SYSTEM SET archive_command = 'id';",
        "CREATE DATABASE elsewhere;",
        "DROP DATABASE shop;",
        "CREATE ROLE admin SUPERUSER;",
        "ROLLBACK;",
        "SELECT :'x';",
        "SET standard_conforming_strings = off;",
        "SET client_encoding = 'SJIS';",
    ):
        yield case(f"sql {line}", inserted(line), "file_hostile", says="Line")
    for line in (
        "CREATE FUNCTION c() RETURNS int LANGUAGE c AS 'libc.so.6', 'system';",
        "DO $$ BEGIN EXECUTE 'COPY pg_class TO PROGRAM ''id'''; END $$;",
        "DO $$ BEGIN EXECUTE 'CREATE ROLE admin SUPERUSER'; END $$;",
        "DO $$ BEGIN EXECUTE 'ALTER SYSTEM SET port = 1'; END $$;",
        "SELECT pg_read_file('/etc/passwd');",
        "CREATE EXTENSION file_fdw;",
        "SELECT lo_import('/etc/passwd');",
        "SET SESSION AUTHORIZATION postgres; SELECT pg_reload_conf();",
        "CREATE TABLE t AS SELECT set_config('role', 'postgres', false);",
    ):
        yield case(
            f"server {line}",
            inserted(line),
            "restore_failed",
            "permission_denied",
            "preflight_blocked",
        )
    yield case(
        "begin atomic hides a command",
        inserted(
            "CREATE FUNCTION a() RETURNS int BEGIN ATOMIC SELECT 1;\n"
            "COPY customers FROM stdin;\n\\! id\n\\.\nEND;"
        ),
        "file_hostile",
    )
    yield case("copy cut", _copy_cut, "file_cut")
    yield case("copy cut, with a trailer among the rows", _copy_cut_with_trailer, "file_cut")
    yield case(
        "no trailer", lambda: plain().replace(b"dump complete", b"dump"), "file_cut", "file_hostile"
    )
    yield case(
        "goes on behind its end", lambda: plain() + b"\nSELECT 1;\n", "file_hostile", "file_cut"
    )
    yield case(
        "bad escape in a row", lambda: plain().replace(b"name 7", b"\\!id 7"), "file_hostile"
    )
    yield case("zero byte", inserted("SELECT 'a\0b';"), "file_hostile")
    yield case(
        "pg_dumpall", lambda: b"--\n-- PostgreSQL database cluster dump\n--\n", "format_unknown"
    )
    yield case(
        "an endless statement",
        lambda: b"--\n-- PostgreSQL database dump\n--\n" + b'"' + b"x" * (3 << 20),
        *("file_hostile", "file_cut", "file_damaged"),
    )


def _header(items: int, *, minor: int = 16) -> bytes:
    """A custom archive that claims so many items."""

    def number(value: int) -> bytes:
        return b"\0" + struct.pack("<i", value)

    def text(value: bytes) -> bytes:
        return number(len(value)) + value

    head = b"PGDMP" + bytes([1, minor, 0, 4, 8, 1, 1]) + number(0) * 7
    return head + text(b"shop") + text(b"17.0") + text(b"17.0") + number(items)


def _zeros(size: int) -> bytes:
    return bytes(size)


def bombs() -> Iterator[Case]:
    bomb = ("expands_too_much", "format_unknown")
    yield case("gzip of zeros", lambda: gzipped(_zeros(64 << 20)), *bomb)
    yield case("zstd of zeros", lambda: zstandard(_zeros(64 << 20)), *bomb)
    yield case("zstd in gzip of zeros", lambda: gzipped(zstandard(_zeros(64 << 20))), *bomb)
    yield case(
        "a script of empty lines",
        lambda: zstandard(b"--\n-- PostgreSQL database dump\n--\n" + b"\n" * (400 << 20)),
        *("expands_too_much",),
    )
    yield case(
        "packed five times",
        lambda: gzipped(gzipped(gzipped(gzipped(gzipped(custom()))))),
        "expands_too_much",
    )
    yield case("huge number of items", lambda: _header(2**31 - 1), "file_damaged")
    yield case("many items, none there", lambda: _header(900_000), "file_cut")
    yield case("an unknown version", lambda: _header(1, minor=99), "format_unknown")
    yield case(
        "a text of two gigabytes",
        lambda: _header(1)[:-5] + b"\0\1\0\0\0" + b"\0\1\0\0\0" * 2 + b"\0\xff\xff\xff\x7f",
        "file_damaged",
        "file_cut",
    )
    yield case("something behind the archive", lambda: custom() + b"garbage", "file_damaged")
    yield case("something behind gzip", lambda: gzipped(custom()) + b"garbage", "file_damaged")
    yield case("something behind zstd", lambda: zstandard(custom()) + b"garbage", "file_damaged")
    yield case("something behind age", lambda: aged(custom()) + b"garbage", "file_damaged")


def others() -> Iterator[Case]:
    other = pyrage.x25519.Identity.generate().to_public()
    yield case("a zip", lambda: b"PK\x03\x04" + bytes(100), "format_unknown", says="zip")
    yield case("an image called shop.dump", lambda: b"\x89PNG\r\n" + bytes(1000), "format_unknown")
    yield case("MySQL", lambda: b"-- MySQL dump 10.13\n", "format_unknown")
    yield case("another's key", lambda: pyrage.encrypt(custom(), [other]), "key_missing")
    yield case("a passphrase", lambda: pyrage.passphrase.encrypt(custom(), "x"), "key_missing")
    yield case(
        "a flipped bit in gzip", lambda: _flipped(gzipped(custom())), "file_damaged", "file_cut"
    )
    yield case("a flipped bit in zstd", lambda: _flipped(aged(custom())), "file_damaged")


def _flipped(body: bytes) -> bytes:
    middle = len(body) // 2
    return body[:middle] + bytes([body[middle] ^ 1]) + body[middle + 1 :]


def every_case() -> list[Case]:
    return [*cuts(), *scripts(), *tars(), *bombs(), *others()]
