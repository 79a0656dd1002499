"""Redis or a server process dies while people listen: each one has the right end soon after.

The readers are the documented example: they come back by themselves, and start nothing anew.
"""

import importlib.util
import signal
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from access.models import Company, User
from config.places import PROJECT
from monitoring.events.services import record_event
from monitoring.files.models import TrackedFile
from monitoring.files.services import open_file
from monitoring.live.presence import everyone
from tests.cast import company, viewer
from tests.config.waiting import wait_for
from tests.monitoring.live.conftest import token_of
from tests.monitoring.live.test_wakeups import OwnRedis
from tests.web import WebServer

__all__ = ["company", "viewer"]
pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.exhaustive]
READERS = 12
WITHIN_SECONDS = 10.0


def example() -> Any:
    path = PROJECT / "docs" / "examples" / "follow.py"
    spec = importlib.util.spec_from_file_location("follow_example", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def redis() -> Iterator[OwnRedis]:
    with tempfile.TemporaryDirectory(prefix="holdfast-redis-") as folder:
        own = OwnRedis(Path(folder))
        own.start()
        yield own
        own.stop()


@pytest.fixture
def servers(redis: OwnRedis) -> Iterator[list[WebServer]]:
    both = [WebServer(REDIS_URL=redis.url) for _ in range(2)]
    for server in both:
        server.start()
    yield both
    for server in both:
        server.stop()
        server.folder.cleanup()


@pytest.fixture
def files(company: Company) -> list[TrackedFile]:
    return [
        open_file(kind="upload", company=company, name=f"f{n}", original_path="", origin="upload")
        for n in range(3)
    ]


def move(file: TrackedFile, status: str, progress: float) -> None:
    TrackedFile.objects.filter(pk=file.pk).update(status=status, progress=progress)
    record_event(company=file.company, topic="file", subject=file.pk, state=status)


@pytest.fixture
def readers(
    servers: list[WebServer], files: list[TrackedFile], viewer: User
) -> Iterator[list["Future[str]"]]:
    token, follow = token_of(viewer), example().follow
    with ThreadPoolExecutor(READERS) as people:
        yield [
            people.submit(follow, servers[n % 2].url, str(files[n % 3].pk), token)
            for n in range(READERS)
        ]


def all_listen(count: int = READERS) -> None:
    wait_for(lambda: everyone().connections["downloads"] == count, seconds=30, what="all listen")


def all_end_rightly(
    readers: list["Future[str]"], wanted: list[str], since: float, seconds: float
) -> None:
    for number, reader in enumerate(readers):
        left = max(0.1, since + seconds - time.monotonic())
        assert reader.result(timeout=left) == wanted[number % 3]


def test_redis_is_killed_and_started_again(
    redis: OwnRedis, readers: list["Future[str]"], files: list[TrackedFile]
) -> None:
    all_listen()
    for file in files:
        move(file, "processing", 10)
    redis.stop()
    move(files[0], "failed", 20)
    move(files[1], "processing", 30)
    redis.start()
    move(files[1], "completed", 100)
    move(files[2], "completed", 100)
    all_end_rightly(readers, ["failed", "completed", "completed"], time.monotonic(), WITHIN_SECONDS)


def test_a_server_process_is_killed(
    servers: list[WebServer], readers: list["Future[str]"], files: list[TrackedFile]
) -> None:
    all_listen()
    for file in files:
        move(file, "processing", 10)
    assert servers[0].process is not None
    servers[0].process.send_signal(signal.SIGKILL)
    servers[0].process.wait(10)
    move(files[0], "failed", 20)
    move(files[1], "completed", 100)
    servers[0].start()
    back = time.monotonic()
    move(files[2], "completed", 100)
    all_end_rightly(readers, ["failed", "completed", "completed"], back, WITHIN_SECONDS)
