"""Cuts, stalls, resets, lost answers, doubled requests: each upload arrives once, whole."""

import hashlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from holdfast_agent import RecordingUploadClient, UploadManager
from holdfast_agent.queue import Queue
from tests.agent.chaos import ChaosProxy, Fault, bad_line
from tests.agent.live import Heard, Recorder, ended, padded
from tests.config.waiting import busyness, wait_for
from tests.faults.points import one_always
from tests.web import WebServer
from uploads.models import Part, Recording, UploadSession

pytestmark = pytest.mark.django_db(transaction=True)

MIB = 1 << 20
SOURCE = Path(__file__).parents[2] / "agent" / "src"


@contextmanager
def sending(
    recorder: Recorder, proxy: ChaosProxy, *, timeout: float = 5, workers: int = 2
) -> Iterator[UploadManager]:
    """A manager that is quick to try again."""
    client = RecordingUploadClient(f"{proxy.url}/api", recorder.token, timeout * busyness())
    folder = recorder.folder / "state"
    manager = UploadManager(client, workers, 3, state_dir=folder, backoff=0.2)
    manager.start()
    try:
        yield manager
    finally:
        manager.stop()


def require_once(body: bytes, file_id: str) -> None:
    recording = Recording.objects.get()
    digest = hashlib.sha256(body).hexdigest()
    assert (str(recording.pk), recording.sha256) == (file_id, digest)


@pytest.mark.parametrize("kind", one_always(["cut", "reset", "answer", "twice"], "reset"))
def test_a_fault_in_the_middle(recorder: Recorder, clip: bytes, kind: str) -> None:
    body = padded(clip, 3 * MIB)
    with bad_line(recorder.url) as proxy, sending(recorder, proxy) as manager:
        # On the connection that the session was opened on: the bytes follow there.
        proxy.befall(Fault(kind, after=2 * MIB), Fault(kind, after=MIB // 2))
        task = manager.upload_recording(recorder.file("a.mp4", body))
        status = ended(manager, task)
        assert status["status"] == "completed", status
        assert proxy.met[0] == kind
    require_once(body, status["server_file_id"])


@pytest.mark.exhaustive
def test_only_what_is_missing_is_sent_again(recorder: Recorder, clip: bytes) -> None:
    body = padded(clip, 6 * MIB)
    with bad_line(recorder.url) as proxy, sending(recorder, proxy) as manager:
        proxy.befall(*[Fault("cut", after=2 * MIB)] * 3)
        task = manager.upload_recording(recorder.file("a.mp4", body))
        status = ended(manager, task)
    # Four goes are more failures than are allowed in a row, but each brought bytes.
    assert status["status"] == "completed", status
    require_once(body, status["server_file_id"])


@pytest.mark.exhaustive
def test_a_stall_is_given_up(recorder: Recorder, clip: bytes) -> None:
    body = padded(clip, 8 * MIB)
    with bad_line(recorder.url) as proxy, sending(recorder, proxy, timeout=1) as manager:
        proxy.befall(Fault("stall", after=MIB, seconds=30))
        began = time.monotonic()
        task = manager.upload_recording(recorder.file("a.mp4", body))
        status = ended(manager, task)
        assert (status["status"], proxy.met) == ("completed", ["stall"])
        assert time.monotonic() - began < 25
    require_once(body, status["server_file_id"])


@pytest.mark.exhaustive
def test_a_lost_answer_to_each_request(recorder: Recorder, clip: bytes) -> None:
    """The server has done it; the agent hears nothing of it, and asks again."""
    with bad_line(recorder.url) as proxy, sending(recorder, proxy) as manager:
        manager.max_retries = 10
        proxy.befall(*[Fault("answer", after=1)] * 4)
        task = manager.upload_recording(recorder.file("a.mp4", clip))
        status = ended(manager, task)
        assert (status["status"], status["retry_count"]) == ("completed", 4)
    require_once(clip, status["server_file_id"])


def test_the_queue_survives_a_kill(recorder: Recorder, clip: bytes) -> None:
    body = padded(clip, 2 * MIB)
    video = recorder.file("a.mp4", body)
    environment = {
        **os.environ,
        "PYTHONPATH": str(SOURCE),
        "HOLDFAST_AGENT_BASE_URL": f"{recorder.url}/api",
        "HOLDFAST_AGENT_API_TOKEN": recorder.token,
        "HOLDFAST_AGENT_STATE_DIR": str(recorder.folder / "state"),
    }
    command = [sys.executable, "-m", "holdfast_agent", "upload", str(video)]
    # 0.5 MB a second, so that it can be killed on its way.
    slow = {**environment, "HOLDFAST_AGENT_BANDWIDTH_LIMIT_KBPS": "4000"}
    first = subprocess.Popen(command, env=slow)
    parts = Part.objects.filter(kind="file", received__gt=0)
    try:
        wait_for(parts.exists, seconds=20, what="the first bytes to arrive")
    finally:
        first.send_signal(signal.SIGKILL)
        first.wait(10)
    queue = Queue(recorder.folder / "state")
    [task] = queue.all()
    assert task.status == "queued"
    queue.close()
    second = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60)
    assert second.returncode == 0, second.stderr
    assert second.stdout.startswith(f"{task.id}  completed  ")
    require_once(body, second.stdout.split()[-1])
    assert Part.objects.filter(kind="file").count() == 1


@pytest.mark.exhaustive
def test_a_file_that_grows_is_sent_when_it_is_whole(recorder: Recorder, clip: bytes) -> None:
    manager = recorder.manager()
    whole = padded(clip, 400_000)
    video = recorder.file("a.mp4", whole[:300_000])
    grown: list[float] = []

    def grow(_task: str, percent: float) -> None:
        if not grown:
            video.write_bytes(whole)
        grown.append(percent)

    manager.on_upload_progress = grow
    status = ended(manager, manager.upload_recording(video))
    assert status["status"] == "completed", status
    assert len(grown) > 1
    require_once(whole, status["server_file_id"])


@pytest.mark.exhaustive
def test_watched_folders_and_backups(recorder: Recorder, clip: bytes) -> None:
    dumps = recorder.folder / "dumps"
    dumps.mkdir()
    folders = [str(recorder.folder / "recordings"), {"path": str(dumps), "kind": "backup"}]
    recorder.file("old.mp4", clip)
    manager, heard = (
        recorder.manager(start=False, auto_upload=True, watch_dirs=folders, compress="gzip"),
        Heard(),
    )
    # What lies there already may be on its way at once.
    heard.listen(manager)
    manager.start()
    (dumps / "shop.dump").write_bytes(b"PGDMP" + os.urandom(10_000))
    recorder.file("new.mp4", padded(clip, 10))
    wait_for(lambda: len(heard.completed) == 3, seconds=30, what="all three to arrive")
    assert {name for _task, name in heard.started} == {"old.mp4", "new.mp4", "shop.dump"}
    arrived = set(UploadSession.objects.values_list("file_name", flat=True))
    assert {name.removesuffix(".gz") for name in arrived} == {"old.mp4", "new.mp4", "shop.dump"}
    assert heard.failed == []
    assert not list((recorder.folder / "state" / "packed").iterdir())


@pytest.mark.exhaustive
def test_many_over_a_bad_line(web_server: WebServer, recorder: Recorder, clip: bytes) -> None:
    """Two hundred, every kind of fault, ten kills of the server: each is there, and once."""
    bodies = {f"rdp_{number}.mp4": padded(clip, 100_000 + number) for number in range(200)}
    kinds = ("cut", "reset", "answer", "twice", "none")
    faults = [Fault(kinds[at % 5], after=(at * 37_321) % 120_000 + 1) for at in range(500)]
    heard = Heard()
    with bad_line(recorder.url, *faults) as proxy, sending(recorder, proxy, workers=8) as manager:
        # They pause for no time, and a server that starts takes some.
        manager.max_retries = 1_000_000
        heard.listen(manager)
        tasks = [
            manager.upload_recording(recorder.file(name, body)) for name, body in bodies.items()
        ]
        for number in range(10):
            wait_for(
                lambda number=number: len(heard.completed) >= 15 * number,  # type: ignore[misc]  # mypy cannot infer it
                seconds=120,
                what="some more to arrive",
            )
            kill(web_server)
        for task in tasks:
            assert ended(manager, task, within=180)["status"] == "completed"
        assert set(proxy.met) == {*kinds} - {"none"}
    digests = sorted(hashlib.sha256(body).hexdigest() for body in bodies.values())
    assert sorted(Recording.objects.values_list("sha256", flat=True)) == digests


def kill(server: WebServer) -> None:
    assert server.process is not None
    server.process.kill()
    server.process.wait(10)
    server.start()
