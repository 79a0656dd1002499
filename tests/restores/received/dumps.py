"""Genuine dumps by pg_dump of several majors, made once for a test run, and what holds them."""

import gzip
import io
import os
import subprocess
import tarfile
import tempfile
from functools import lru_cache
from pathlib import Path
from typing import Any

import pyrage
from backports import zstd

from access.models import Company, User
from backups import keyring
from backups.engines import RestoreOptions
from backups.models import Database
from restores.models import Restore
from restores.origins import FromOutside
from restores.received.models import ReceivedFile
from restores.received.services import receive_file
from restores.requesting import Wish, request_restore
from tests.backups.servers import PASSWORD, SUPERUSER, TestServer, programs_of, started_server
from tests.restores.test_restore import restore_here

ROWS = 500
SHOP = (
    "CREATE EXTENSION citext",
    "CREATE TYPE mood AS ENUM ('good', 'bad')",
    "CREATE TABLE customers (id serial PRIMARY KEY, name citext UNIQUE, m mood DEFAULT 'good')",
    f"INSERT INTO customers (name) SELECT 'name ' || n FROM generate_series(1, {ROWS}) n",
    r"INSERT INTO customers (name) VALUES (E'tab\t back\\slash\\. quote'' \\N line\n\\.')",
    "CREATE TABLE orders (id int PRIMARY KEY, customer int REFERENCES customers, note text)",
    "INSERT INTO orders SELECT n, n, repeat('x', n) FROM generate_series(1, 200) n",
    "CREATE VIEW good AS SELECT * FROM customers WHERE m = 'good'",
    "CREATE FUNCTION twice() RETURNS int LANGUAGE sql BEGIN ATOMIC SELECT 1; SELECT 2; END",
    "CREATE FUNCTION say() RETURNS text LANGUAGE plpgsql AS $fn$ BEGIN RETURN $$a;b$$; END $fn$",
    "SELECT lo_from_bytea(0, 'large')",
    "COMMENT ON TABLE orders IS 'it''s; a -- comment'",
)
EXPECTED = {"public.customers": ROWS + 1, "public.orders": 200}


@lru_cache(maxsize=64)
def dump(major: int, format_name: str, *more: str) -> bytes:
    """custom, tar, plain, or directory (as a tar of it)."""
    server = started_server(major)
    with server.database(*SHOP) as database:
        return dump_of(server, database.database_name, format_name, *more)


def dump_of(server: TestServer, name: str, format_name: str, *more: str) -> bytes:
    command = [
        *(str(programs_of(server.major) / "pg_dump"), "-h", "127.0.0.1", "-p", str(server.port)),
        *("-U", SUPERUSER, f"--format={format_name}", *more),
    ]
    environment = {**os.environ, "PGPASSWORD": PASSWORD}
    with tempfile.TemporaryDirectory() as folder:
        if format_name == "directory":
            command.append(f"--file={folder}/shop")
        done = subprocess.run([*command, name], env=environment, capture_output=True, check=True)
        if format_name != "directory":
            return done.stdout
        packed = io.BytesIO()
        with tarfile.open(fileobj=packed, mode="w") as tar:
            tar.add(Path(folder) / "shop", arcname="shop")
        return packed.getvalue()


def received(company: Company, actor: User, body: bytes, name: str = "shop.dump") -> ReceivedFile:
    return receive_file(company=company, actor=actor, name=name, blocks=[body], announced=len(body))


def outside(
    company: Company, actor: User, body: bytes, name: str = "shop.dump", **agreed: Any
) -> FromOutside:
    return FromOutside(company, received(company, actor, body, name), **agreed)


def wish(server: Database, source: FromOutside, name: str, **options: Any) -> Wish:
    return Wish(None, server, name, RestoreOptions(**options), outside=source)


def restored(server: Database, actor: User, body: bytes, name: str, **agreed: Any) -> Restore:
    source = outside(server.company, actor, body, **agreed)
    return restore_here(request_restore(wish=wish(server, source, name), actor=actor))


def gzipped(body: bytes) -> bytes:
    return gzip.compress(body, 1)


def zstandard(body: bytes) -> bytes:
    return zstd.compress(body, 3)


def aged(body: bytes) -> bytes:
    """Encrypted to the installation's key."""
    keyring.make_keys()
    return bytes(pyrage.encrypt(body, [keyring.installation_identity().to_public()]))
