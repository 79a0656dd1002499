"""The supervisor: what dies comes back, what is stubborn is ended, nothing outlives it."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from config.places import PROJECT
from config.processes.child import LONGEST_LOG, open_log
from tests.config.waiting import busyness, wait_for


class Supervised:
    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.process: subprocess.Popen[str] | None = None

    def start(self, kind: str) -> "subprocess.Popen[str]":
        self.process = subprocess.Popen(
            [sys.executable, "-m", "tests.config.supervised", str(self.folder), kind],
            cwd=PROJECT,
            stdout=subprocess.PIPE,
            text=True,
        )
        return self.process

    def starts(self) -> list[int]:
        file = self.folder / "starts"
        return [int(line) for line in file.read_text().split()] if file.exists() else []

    def wait_for_starts(self, count: int, seconds: float = 20) -> list[int]:
        wait_for(lambda: len(self.starts()) >= count, seconds=seconds, what=f"{count} starts")
        return self.starts()


@pytest.fixture
def supervised(tmp_path: Path) -> Iterator[Supervised]:
    made = Supervised(tmp_path)
    yield made
    if made.process and made.process.poll() is None:
        made.process.kill()
        made.process.wait()
    if made.process and made.process.stdout:
        made.process.stdout.close()


def is_alive(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def test_a_killed_child_is_started_again(supervised: Supervised) -> None:
    supervised.start("calm")
    [first] = supervised.wait_for_starts(1)
    os.kill(first, signal.SIGKILL)
    _first, second = supervised.wait_for_starts(2)
    assert is_alive(second)


def test_a_failing_child_is_tried_less_and_less_often(supervised: Supervised) -> None:
    process = supervised.start("failing")
    supervised.wait_for_starts(4)
    process.terminate()
    said, _ = process.communicate(timeout=10)
    delays = [line.split(" in ")[1].split(" s")[0] for line in said.splitlines()]
    assert delays[:3] == ["0.5", "1", "2"]
    assert "ended with status 3" in said


def test_a_signal_stops_it_and_its_child(supervised: Supervised) -> None:
    process = supervised.start("calm")
    [child] = supervised.wait_for_starts(1)
    process.send_signal(signal.SIGINT)
    assert process.wait(5) == 0
    assert not is_alive(child)


def test_a_child_that_does_not_listen_is_killed_in_time(supervised: Supervised) -> None:
    process = supervised.start("stubborn")
    [child] = supervised.wait_for_starts(1)
    started = time.monotonic()
    process.terminate()
    assert process.wait(15) == 0
    assert 2 <= time.monotonic() - started < 5 * busyness()
    assert not is_alive(child)


def test_a_second_signal_makes_it_quick(supervised: Supervised) -> None:
    process = supervised.start("stubborn")
    [child] = supervised.wait_for_starts(1)
    process.terminate()
    time.sleep(0.3)  # the first must have been taken: two at once are one signal
    process.terminate()
    assert process.wait(3) == 0
    assert not is_alive(child)


def test_nothing_outlives_a_killed_supervisor(supervised: Supervised) -> None:
    process = supervised.start("family")
    family = supervised.wait_for_starts(2)
    process.kill()
    wait_for(
        lambda: not any(is_alive(pid) for pid in family), seconds=5, what="child and grandchild end"
    )


def test_a_grandchild_does_not_outlive_a_killed_child(supervised: Supervised) -> None:
    supervised.start("family")
    child, grandchild, *_ = supervised.wait_for_starts(2)
    os.kill(child, signal.SIGKILL)
    wait_for(lambda: not is_alive(grandchild), seconds=5, what="the grandchild ends")


def test_a_long_log_is_set_aside(tmp_path: Path) -> None:
    path = tmp_path / "web.log"
    with open_log(path) as log:
        log.write(b"short\n")
    with open_log(path) as log:
        log.write(b"x" * (LONGEST_LOG + 1))
    with open_log(path) as log:
        log.write(b"new\n")
    assert path.read_bytes() == b"new\n"
    assert path.with_name("web.log.1").stat().st_size > LONGEST_LOG
    assert path.stat().st_mode & 0o077 == 0
