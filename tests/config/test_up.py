"""`manage.py up` as a person uses it: whole installations, real signals, real crashes."""

import signal
import socket
import stat
import urllib.request
from collections.abc import Iterator
from functools import partial

import psutil
import pytest

from tests.config.installation import Installation, installation_in_a_folder
from tests.config.waiting import busyness, wait_for

# One after the other: each of these is a dozen processes on a small machine.
pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("up")]

STOP_SECONDS = 10
SECOND_START_SECONDS = 8
PROGRAMS = ("uvicorn", "work short", "work long", "manage.py tick")


@pytest.fixture(scope="module")
def shared() -> Iterator[Installation]:
    with installation_in_a_folder() as made:
        yield made


@pytest.fixture
def running(shared: Installation) -> Installation:
    """One for all tests that can share it, in any order: started by the first, and if it is down.

    To migrate an empty database takes some seconds of processor: once is enough here.
    """
    if not shared.is_up:
        shared.start()
    return shared


def health(installation: Installation) -> int:
    url = f"http://127.0.0.1:{installation.port}/api/health"
    with urllib.request.urlopen(url, timeout=20) as answer:  # our own server
        return int(answer.status)


def wait_for_health(installation: Installation) -> None:
    """All of it: queues and tick have to have gone round once."""

    def is_healthy() -> bool:
        try:
            return health(installation) == 200
        except OSError:
            return False

    wait_for(is_healthy, seconds=60, what="all is well")


def test_it_runs_all_of_its_programs(running: Installation) -> None:
    wait_for_health(running)
    assert f"http://127.0.0.1:{running.port}" in running.said()
    for program in PROGRAMS:
        assert running.find(program), program


# Both cost another start, and `.ci/first_run` starts and stops so each time.
@pytest.mark.exhaustive
def test_a_second_start_is_quick(running: Installation) -> None:
    running.stop()
    assert running.start() < SECOND_START_SECONDS * busyness()
    assert "Password" not in running.said()


@pytest.mark.exhaustive
def test_ctrl_c_stops_it_too(running: Installation) -> None:
    assert running.stop(signal.SIGINT) < STOP_SECONDS
    assert running.processes() == []


def test_the_password_it_makes_is_told_once(running: Installation) -> None:
    said = running.said_ever()
    assert said.count("Password: ") == 1
    password = said.split("Password: ")[1].split()[0]
    assert len(password) >= 16
    assert password not in "".join(p.read_text() for p in running.places.logs.iterdir())


def test_what_dies_comes_back(running: Installation) -> None:
    def is_back(program: str, gone: psutil.Process) -> bool:
        return any(process != gone for process in running.find(program))

    for program in PROGRAMS:
        killed = running.find(program)[0]
        killed.kill()
        wait_for(partial(is_back, program, killed), seconds=15, what=f"{program} is back")
    for service in ("bin/postgres", "redis-server"):
        killed = running.find(service)[0]
        killed.kill()
        wait_for(partial(is_back, service, killed), seconds=15, what=f"{service} is back")
    wait_for_health(running)


def test_a_queue_without_its_sentinel_is_started_anew(running: Installation) -> None:
    wait_for(lambda: len(running.find("work short")) > 2, seconds=20, what="the cluster is whole")
    first = running.find("work short")[0]
    [sentinel] = [child for child in first.children() if child.is_running()]
    sentinel.kill()
    wait_for(lambda: not first.is_running(), seconds=10, what="the old cluster ends")
    wait_for(lambda: bool(running.find("work short")), seconds=10, what="a new one starts")


def test_nothing_outlives_a_killed_up_and_the_next_start_is_clean(running: Installation) -> None:
    assert running.up is not None
    running.up.kill()
    running.up.wait()
    wait_for(lambda: not running.processes(), seconds=10, what="no process is left")
    assert running.start() < SECOND_START_SECONDS * busyness()
    assert "Password" not in running.said()
    wait_for_health(running)


@pytest.mark.exhaustive
def test_a_start_after_everything_was_killed_is_clean(running: Installation) -> None:
    running.kill_tree()
    running.start()
    wait_for_health(running)


@pytest.mark.exhaustive
def test_a_second_up_is_refused_and_harms_nothing(running: Installation) -> None:
    refused = running.run("up", PORT="1")
    assert refused.returncode == 4
    assert "running already" in refused.stderr
    assert str(running.up and running.up.pid) in refused.stderr
    assert health(running) == 200


def test_what_it_made_is_closed_to_others(running: Installation) -> None:
    places = running.places
    for folder in (places.keys, places.postgres, places.redis, places.logs, places.sockets):
        assert stat.S_IMODE(folder.lstat().st_mode) == 0o700, folder
    for file in [*places.keys.iterdir(), *places.logs.iterdir(), places.lock]:
        assert stat.S_IMODE(file.lstat().st_mode) == 0o600, file


# After those that need it up: what stops it costs another start.
def test_it_stops_and_leaves_nothing(running: Installation) -> None:
    assert running.stop() < STOP_SECONDS
    assert running.processes() == []
    assert running.up is not None
    assert running.up.returncode == 0


def test_a_port_in_use_is_told_before_anything_is_started(installation: Installation) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", installation.port))
        taken.listen()
        refused = installation.run("up")
    assert refused.returncode == 1
    assert f"Port {installation.port} of 127.0.0.1 cannot be used" in refused.stderr
    assert not installation.places.postgres.exists()


@pytest.mark.exhaustive
def test_mistakes_in_the_environment_are_told_all_at_once(installation: Installation) -> None:
    refused = installation.run("up", PORT="eighty", HOLDFAST_LOG_LEVEL="LOUD")
    assert refused.returncode == 1
    assert "PORT" in refused.stderr
    assert "HOLDFAST_LOG_LEVEL" in refused.stderr
    assert "Traceback" not in refused.stderr


@pytest.mark.exhaustive
def test_data_of_another_major_is_refused(running: Installation) -> None:
    running.stop()
    version = running.places.postgres / "PG_VERSION"
    ours = version.read_text()
    version.write_text("17\n")
    try:
        refused = running.run("up")
    finally:
        version.write_text(ours)
    assert refused.returncode == 1
    assert "was made by PostgreSQL 17" in refused.stderr
    assert "Traceback" not in refused.stderr
    assert running.processes() == []
