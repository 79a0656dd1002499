"""Reaching a server: odd names, secrets, and what each failure is called."""

import os
import time
from pathlib import Path
from typing import Any

import pytest

from access.redaction import MASK
from backups.engines.postgres.connection import named_failure
from backups.errors import (
    AuthenticationFailed,
    BackupError,
    ConnectionFailed,
    SecretUnusable,
    TimedOut,
    UnknownDatabase,
    VersionMismatch,
)
from backups.models import Database
from tests.backups.servers import PASSWORD, TestServer, start_server, stop_server
from tests.backups.test_engine import ENGINE, dump_all, failure
from tests.config.waiting import busyness

pytestmark = pytest.mark.xdist_group("servers")
ODD_NAMES = [
    "--file=x",
    "host=/nonexistent dbname=x",
    "a b'c\"",
    "postgresql://nowhere/x",
    "ünï☃",
    "a:b\\c",
    "$(id)",
    "%s",
]


@pytest.mark.parametrize("name", ODD_NAMES)
def test_a_database_may_have_any_name(
    server: TestServer, name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with server.database("CREATE TABLE here (n int)", name=name) as database:
        ENGINE.test_connection(database)
        _body, contents, _dump = dump_all(database)
    assert contents["tables"] == ["public.here"]
    assert list(tmp_path.iterdir()) == []
    gone = server.registered(name)
    assert isinstance(failure(gone), UnknownDatabase)
    with pytest.raises(UnknownDatabase):
        ENGINE.test_connection(gone)


@pytest.mark.parametrize(
    ("changes", "kind"),
    [
        ({"database_name": "nothing here"}, UnknownDatabase),
        ({"password": "wrong"}, AuthenticationFailed),
        ({"password": ""}, AuthenticationFailed),
        ({"username": "nobody here"}, AuthenticationFailed),
        ({"port": 1}, ConnectionFailed),
        ({"host": "nowhere.invalid"}, ConnectionFailed),
        ({"host": "/nonexistent"}, ConnectionFailed),
        ({"host": "--help"}, ConnectionFailed),
        ({"host": "a host=b"}, ConnectionFailed),
        ({"tls_mode": "require"}, ConnectionFailed),
        ({"tls_mode": "verify-full"}, ConnectionFailed),
    ],
)
def test_a_server_that_does_not_let_us_in_is_named(
    server: TestServer, changes: dict[str, Any], kind: type[BackupError]
) -> None:
    name = changes.pop("database_name", "postgres")
    database = server.registered(name, **changes)
    for found in (failure(database), _test_failure(database)):
        assert isinstance(found, kind), (found.code, found.detail)
        assert str(found)
        assert PASSWORD not in f"{found} {found.detail}"


def _test_failure(database: Database) -> BackupError:
    with pytest.raises(BackupError) as caught:
        ENGINE.test_connection(database)
    return caught.value


def test_a_secret_that_cannot_be_opened_is_named(server: TestServer) -> None:
    database = server.registered("postgres")
    database.password_sealed = "k0:AAAA"
    assert isinstance(_test_failure(database), SecretUnusable)
    assert isinstance(failure(database), SecretUnusable)


@pytest.mark.exhaustive
def test_a_password_works_in_the_socket_folder_that_the_client_was_built_with() -> None:
    """There libpq looks the password up under "localhost"."""
    from tests.backups.servers import programs_of

    started = start_server(17, programs_of(17), socket_folder="/tmp")
    try:
        with started.database("CREATE TABLE here (n int)") as database:
            database.host = "/tmp"
            assert dump_all(database)[1]["tables"] == ["public.here"]
    finally:
        stop_server(started)


@pytest.mark.parametrize(
    ("said", "kind"),
    [
        ("pg_dump: error: canceling statement due to lock timeout", TimedOut),
        ("FATAL:  sorry, too many clients already", ConnectionFailed),
        ('FATAL:  no pg_hba.conf entry for host "1.2.3.4"', AuthenticationFailed),
        ("aborting because of server version mismatch", VersionMismatch),
        ("connection to server failed: Connection refused", ConnectionFailed),
    ],
)
def test_what_the_tools_say_is_named(said: str, kind: type[BackupError]) -> None:
    found = named_failure(said)
    assert type(found) is kind
    assert found.detail == said


def test_the_tools_words_hold_no_password(server: TestServer) -> None:
    from backups.engines.postgres.process import running

    with running(
        ["sh", "-c", 'echo "pg_dump: error: $0 and hunter2" >&2', "postgres://u:p@h/d"],
        environment={"PATH": os.defpath},
        secret="hunter2",
    ) as tool:
        tool.wait()
    assert tool.said == f"pg_dump: error: postgres://u:{MASK}@h/d and {MASK}"


def test_each_line_is_heard_once_however_it_comes() -> None:
    from backups.engines.postgres.process import LONGEST_LINE, running

    said = "printf 'one\\ntw'; sleep 0.05; printf 'o\\n'; printf '%05000d\\n' 7; printf end"
    heard: list[str] = []
    with running(
        ["sh", "-c", f"({said}) >&2"], environment={"PATH": os.defpath}, on_line=heard.append
    ) as tool:
        tool.wait()
    assert (heard[:2], heard[-1]) == (["one", "two"], "end")
    assert "".join(heard[2:-1]) == f"{7:05000}"
    assert max(map(len, heard)) <= LONGEST_LINE


def test_a_server_that_never_answers_is_given_up() -> None:
    import socket

    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        database = Database(
            host="127.0.0.1", port=silent.getsockname()[1], database_name="d", username="u"
        )
        began = time.monotonic()
        assert isinstance(_test_failure(database), ConnectionFailed)
        assert time.monotonic() - began < 12 * busyness()
