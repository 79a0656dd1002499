"""The embedded Redis: a private socket, no scripts, nothing on disk."""

import socket
import stat

import psutil
import pytest
import redis

from config.embedded.folders import make_data_folder
from config.embedded.redis import Redis
from config.places import Places
from machine.account import Account
from machine.folders import own_folder
from tests.config.conftest import Starter
from tests.config.strangers import as_stranger, needs_root


@pytest.fixture
def service(places: Places, account: Account) -> Redis:
    make_data_folder(places)
    own_folder(places.logs, 0o700)
    return Redis(places, account)


def test_it_keeps_values_but_runs_no_scripts(service: Redis, start: Starter) -> None:
    child = start(service)
    client = redis.Redis(unix_socket_path=str(service.socket))
    client.set("name", "value")
    assert client.get("name") == b"value"
    for call in (
        lambda: client.eval("return 1", 0),
        lambda: client.script_load("return 1"),
        lambda: client.evalsha("0", 0),
    ):
        with pytest.raises(redis.ResponseError, match="unknown command"):
            call()
    client.close()
    assert psutil.Process(child.pid).net_connections("inet") == []


def test_it_leaves_nothing_on_disk(service: Redis, places: Places, start: Starter) -> None:
    child = start(service)
    with redis.Redis(unix_socket_path=str(service.socket)) as client:
        client.set("name", "value")
    child.ask_to_stop()
    assert child.wait(5)
    assert list(places.redis.iterdir()) == []


def test_its_socket_is_closed_to_others(service: Redis, account: Account, start: Starter) -> None:
    start(service)
    found = service.socket.lstat()
    assert stat.S_ISSOCK(found.st_mode)
    assert stat.S_IMODE(found.st_mode) == 0o700
    assert found.st_uid == account.uid


@needs_root
def test_another_user_of_the_machine_cannot_connect(service: Redis, start: Starter) -> None:
    start(service)
    path = str(service.socket)

    def connect() -> None:
        with socket.socket(socket.AF_UNIX) as probe:
            probe.connect(path)

    connect()
    assert as_stranger(connect) == "PermissionError"


def test_a_socket_left_by_a_killed_server_is_no_obstacle(service: Redis, start: Starter) -> None:
    first = start(service)
    first.kill()
    assert first.wait(5)
    assert service.socket.exists()
    start(service)
    assert service.answers()
