"""`manage.py work`: a cluster that is stuck is ended and started anew; a stop leaves nothing."""

import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import timedelta
from functools import partial
from itertools import count
from pathlib import Path

import psutil
import pytest
from django.db.models.functions import Now
from django_q.tasks import async_task

from access.models import Company
from config.places import PROJECT
from monitoring.files.models import TrackedFile
from monitoring.files.services import open_file
from monitoring.heartbeats.models import Heartbeat
from tests.config.waiting import wait_for
from tests.monitoring.queue.processes import environment
from tests.processes import arguments_of, is_alive

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.slow,
    pytest.mark.xdist_group("work"),
]

QUEUE = "long"
WORKERS = 2
# Patience of 3 s, the new cluster's start, and a margin for a loaded machine.
BACK_SECONDS = 60
_numbers = count()


class Kept:
    """A queue under a supervisor, as `up` has it."""

    def __init__(self, folder: Path, queue: str = QUEUE) -> None:
        self.folder = folder
        self.queue = queue
        self.seen: set[psutil.Process] = set()
        self._starts_before = self._log_before = 0
        self.process = self._process()

    def _process(self) -> "subprocess.Popen[bytes]":
        return subprocess.Popen(
            [sys.executable, "-m", "tests.config.supervised_queue", str(self.folder), self.queue],
            cwd=PROJECT,
            env=environment(HOLDFAST_LONG_WORKERS=str(WORKERS)),
            stdout=subprocess.DEVNULL,
        )

    def begin(self) -> None:
        """A test begins: it runs, and what came before is not of this test."""
        if self.process.poll() is not None:
            self.process = self._process()
        wait_for_task(seconds=BACK_SECONDS)
        self._log_before = len(self._read("work.log"))
        self._starts_before = len(self._starts()) - 1
        self.remember()

    def starts(self) -> list[int]:
        """The first is the one that ran when the test began."""
        return self._starts()[self._starts_before :]

    def log(self) -> str:
        return self._read("work.log")[self._log_before :]

    def _starts(self) -> list[int]:
        return [int(line) for line in self._read("starts").split()]

    def _read(self, name: str) -> str:
        file = self.folder / name
        return file.read_text() if file.exists() else ""

    def sentinel(self) -> psutil.Process:
        [found] = psutil.Process(self.starts()[-1]).children()
        return found

    def members(self) -> list[psutil.Process]:
        """The sentinel's children in the order of their birth: workers, monitor, pusher."""
        found = sorted(self.sentinel().children(), key=lambda one: (one.create_time(), one.pid))
        self.remember()
        return found

    def workers(self) -> list[psutil.Process]:
        return self.members()[:WORKERS]

    def remember(self) -> None:
        self.seen.update(psutil.Process(self.starts()[-1]).children(recursive=True))

    def left(self) -> list[psutil.Process]:
        return [one for one in self.seen if is_alive(one)]

    def stop(self) -> float:
        self.remember()
        began = time.monotonic()
        self.process.terminate()
        self.process.wait(30)
        return time.monotonic() - began


@pytest.fixture(scope="module")
def queue(django_db_setup: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Kept]:
    made = Kept(tmp_path_factory.mktemp("queue"))
    try:
        yield made
    finally:
        made.process.kill()
        made.process.wait()
        wait_for(lambda: not made.left(), seconds=10, what="nothing is left")


@pytest.fixture
def kept(queue: Kept) -> Kept:
    """One for all tests, in any order: each leaves a cluster that works, or none."""
    queue.begin()
    return queue


def wait_for_task(*, seconds: float) -> None:
    """Put a task in and wait until a worker has done it."""
    name = f"probe-{next(_numbers)}"
    async_task("monitoring.heartbeats.services.beat", name=name, cluster=QUEUE)
    wait_for(Heartbeat.objects.filter(name=name).exists, seconds=seconds, what=f"{name} ran")


def wait_for_canary() -> None:
    Heartbeat.objects.filter(name=f"queue-{QUEUE}").delete()
    arrived = Heartbeat.objects.filter(name=f"queue-{QUEUE}").exists
    wait_for(arrived, seconds=BACK_SECONDS, what="a canary comes through")


def signal_all(processes: list[psutil.Process], number: signal.Signals) -> None:
    assert processes
    for process in processes:
        process.send_signal(number)


def assert_started_anew(kept: Kept, *, why: str) -> None:
    wait_for(lambda: len(kept.starts()) > 1, seconds=BACK_SECONDS, what="a new cluster")
    wait_for_task(seconds=BACK_SECONDS)
    told = [line for line in kept.log().splitlines() if "queue_ended" in line]
    assert len(told) == 1
    assert why in told[0]
    wait_for_canary()
    assert len(kept.starts()) == 2


@pytest.mark.exhaustive
def test_idle_workers_killed(kept: Kept) -> None:
    """The lock of the queue that they read from dies with them: their successors wait for ever."""
    signal_all(kept.workers(), signal.SIGKILL)
    assert_started_anew(kept, why="a canary did not come through")


@pytest.mark.exhaustive
def test_idle_workers_stopped(kept: Kept) -> None:
    signal_all(kept.workers(), signal.SIGSTOP)
    assert_started_anew(kept, why="a canary did not come through")


@pytest.mark.exhaustive
def test_the_process_that_takes_tasks_stopped(kept: Kept) -> None:
    signal_all(kept.members()[WORKERS + 1 :], signal.SIGSTOP)
    async_task("monitoring.heartbeats.services.beat", name="waits", cluster=QUEUE)
    assert_started_anew(kept, why="in")
    assert Heartbeat.objects.filter(name="waits").exists()


@pytest.mark.exhaustive
def test_the_process_that_acknowledges_stopped(kept: Kept) -> None:
    signal_all(kept.members()[WORKERS : WORKERS + 1], signal.SIGSTOP)
    assert_started_anew(kept, why="a canary did not come through")


@pytest.mark.exhaustive
def test_the_sentinel_stopped_and_its_workers_killed(kept: Kept) -> None:
    workers = kept.workers()
    signal_all([kept.sentinel()], signal.SIGSTOP)
    wait_for_task(seconds=BACK_SECONDS)  # work goes on without it
    signal_all(workers, signal.SIGKILL)
    assert_started_anew(kept, why="a canary did not come through")


@pytest.mark.exhaustive
def test_the_sentinel_killed(kept: Kept) -> None:
    kept.remember()
    kept.sentinel().kill()
    assert_started_anew(kept, why="sentinel is gone")


@pytest.mark.exhaustive
def test_a_busy_cluster_is_left_alone_until_a_worker_is_free(kept: Kept, company: Company) -> None:
    files = [
        open_file(kind="backup", company=company, name="x", original_path="", origin="local")
        for _ in range(WORKERS)
    ]
    for file in files:
        async_task("monitoring.files.claims.claim", file_id=file.pk, cluster=QUEUE)
    taken = TrackedFile.objects.filter(status="processing")
    wait_for(lambda: taken.count() == WORKERS, seconds=BACK_SECONDS, what="both are claimed")
    owners = {owner.split(":")[1] for owner in taken.values_list("owner", flat=True)}
    assert len(owners) == 1
    assert owners != {"-"}

    # As if both were at work for hours, and a task and a canary waited behind them.
    TrackedFile.objects.update(lease_until=Now() + timedelta(hours=1))
    signal_all(kept.workers(), signal.SIGSTOP)
    async_task("monitoring.heartbeats.services.beat", name="waits", cluster=QUEUE)
    first = kept.starts()
    until = time.monotonic() + 6  # twice the patience
    while time.monotonic() < until:
        assert kept.starts() == first
        time.sleep(0.2)
    TrackedFile.objects.filter(pk=files[0].pk).update(lease_until=Now() - timedelta(seconds=1))
    # What the ended cluster had taken already is gone: the tick wakes such rows again.
    assert_started_anew(kept, why="in")


@pytest.mark.exhaustive
def test_a_busy_short_queue_is_left_alone(tmp_path: Path) -> None:
    """Its only worker is at work for thrice the patience; task and canary wait behind it."""
    short = Kept(tmp_path, "short")
    try:
        async_task("time.sleep", 9, cluster="short")
        async_task("monitoring.heartbeats.services.beat", name="behind", cluster="short")
        behind = Heartbeat.objects.filter(name="behind").exists
        assert wait_for(behind, seconds=BACK_SECONDS, what="it runs behind") > 7
        assert len(short.starts()) == 1
        assert short.stop() < 6
        assert short.left() == []
    finally:
        short.process.kill()
        short.process.wait()


@pytest.mark.exhaustive
def test_a_database_that_never_answers_ends_the_cluster() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        work = subprocess.run(
            [sys.executable, "manage.py", "work", QUEUE, "--patience", "1"],
            cwd=PROJECT,
            env=environment(
                Q_CLUSTER_NAME=QUEUE, DATABASE_URL=f"postgres://nobody@127.0.0.1:{port}/nothing"
            ),
            capture_output=True,
            text=True,
            timeout=BACK_SECONDS,
            check=False,
        )
    assert work.returncode == 1
    assert "the database has not answered" in work.stderr


@pytest.mark.exhaustive
def test_an_orderly_stop_of_idle_workers_is_quick(kept: Kept) -> None:
    assert kept.stop() < 6
    assert kept.process.returncode == 0
    assert kept.left() == []
    assert "queue_ended" not in kept.log()


@pytest.mark.parametrize(
    "stopped", ["workers", pytest.param("sentinel", marks=pytest.mark.exhaustive)]
)
def test_a_stop_is_bounded_and_leaves_nothing(kept: Kept, stopped: str) -> None:
    """Also not what leads a session of its own, whatever hangs."""
    arguments = ["sleep", "600"]
    async_task("subprocess.call", arguments, start_new_session=True, cluster=QUEUE)

    def sleeps() -> list[psutil.Process]:
        below = psutil.Process(kept.starts()[-1]).children(recursive=True)
        return [one for one in below if arguments_of(one) == arguments]

    wait_for(lambda: bool(sleeps()), seconds=BACK_SECONDS, what="a worker is at work")
    [sleeping] = sleeps()
    signal_all({"workers": kept.workers(), "sentinel": [kept.sentinel()]}[stopped], signal.SIGSTOP)
    assert kept.stop() < 9
    assert kept.left() == []
    assert not sleeping.is_running()
    wait_for(partial(_has_ended, kept.starts()[-1]), seconds=5, what="work itself is gone")


def _has_ended(pid: int) -> bool:
    return not psutil.pid_exists(pid)
