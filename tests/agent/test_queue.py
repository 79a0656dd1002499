"""The queue on disk: it outlives its process, and no task is held by the dead."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from holdfast_agent.files import Identity, identity_of
from holdfast_agent.queue import COMPLETED, FAILED, QUEUED, UPLOADING, Queue

ANY = Identity(5, 1, 1)


@pytest.fixture
def queue(tmp_path: Path) -> Iterator[Queue]:
    opened = Queue(tmp_path / "state")
    yield opened
    opened.close()


def test_ids_are_unique_and_a_waiting_file_keeps_its_own(queue: Queue) -> None:
    first = queue.add("rdp_1", Path("/a.mp4"), ANY, {})
    assert queue.add("rdp_1", Path("/a.mp4"), ANY, {}) == first
    second = queue.add("rdp_1", Path("/b.mp4"), ANY, {})
    third = queue.add("rdp_1", Path("/a.mp4"), Identity(6, 2, 1), {})
    assert len({first, second, third}) == 3
    assert first.startswith("upload_")
    assert first.endswith("_rdp_1")


def test_claims_are_in_order_and_of_one(queue: Queue) -> None:
    ids = [queue.add("x", Path(f"/{name}.mp4"), ANY, {}) for name in "abc"]
    other = Queue(queue.folder)
    claimed = [queue.claim(), other.claim(), queue.claim()]
    assert [one.id for one in claimed if one] == ids
    assert queue.claim() is None
    assert queue.counts()["active_uploads"] == 3
    other.close()
    # Who closes gives back.
    again = queue.claim()
    assert again is not None
    assert again.id == ids[1]


def test_a_wait_is_kept_unless_the_clock_went_back(
    queue: Queue, monkeypatch: pytest.MonkeyPatch
) -> None:
    queue.add("x", Path("/a.mp4"), ANY, {})
    task = queue.claim()
    assert task is not None
    queue.change(task, status=QUEUED, wait=30)
    assert queue.claim() is None
    long_ago = time.time() - 86400
    monkeypatch.setattr(time, "time", lambda: long_ago)
    assert queue.claim() is not None


def test_what_is_over_is_counted(queue: Queue) -> None:
    for status in (COMPLETED, FAILED, FAILED):
        queue.add("x", Path(f"/{status}{time.monotonic()}.mp4"), ANY, {})
        task = queue.claim()
        assert task is not None
        queue.change(task, status=status)
    assert queue.counts() == {
        "queue_size": 0,
        "active_uploads": 0,
        "completed_uploads": 1,
        "failed_uploads": 2,
    }


HOLDING = """
import sys, time
from pathlib import Path
from holdfast_agent.queue import Queue
queue = Queue(Path(sys.argv[1]))
print(queue.claim().id, flush=True)
time.sleep(60)
"""


def test_a_killed_process_loses_its_task(queue: Queue, tmp_path: Path) -> None:
    file = tmp_path / "a.mp4"
    file.write_bytes(b"12345")
    identity = identity_of(file)
    assert identity is not None
    task_id = queue.add("x", file, identity, {"kind": "backup"})
    source = Path(__file__).parents[2] / "agent" / "src"
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLDING, str(queue.folder)],
        stdout=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": str(source)},
    )
    assert holder.stdout is not None
    with holder:
        assert holder.stdout.readline().decode().strip() == task_id
        assert queue.take_back() == 0
        held = queue.find(task_id)
        assert held is not None
        assert held.status == UPLOADING
        holder.send_signal(signal.SIGKILL)
        holder.wait(10)
    assert queue.take_back() == 1
    task = queue.claim()
    assert task is not None
    assert (task.id, task.identity, task.options) == (task_id, identity, {"kind": "backup"})


def test_only_the_owner_may_look(queue: Queue) -> None:
    assert queue.folder.stat().st_mode & 0o077 == 0
