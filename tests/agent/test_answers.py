"""What the server may answer, or somebody between: what is tried again, when, and what is not."""

import hashlib
import json
from pathlib import Path

import pytest

from holdfast_agent import NetworkError, RecordingUploadClient, UploadManager
from tests.agent.chaos import Fault, bad_line
from tests.agent.live import Recorder, ended, padded
from tests.agent.test_bad_line import require_once, sending
from tests.config.installation import free_port
from tests.config.waiting import wait_for
from tests.faults.points import one_always
from tests.uploads.sending import Sender

pytestmark = pytest.mark.django_db(transaction=True)


def says(status: int, **headers: str) -> Fault:
    """Instead of the server, in the API's form of errors."""
    body = json.dumps({"status": status, "title": "said", "detail": "Said instead."})
    lines = [
        f"HTTP/1.1 {status} Said",
        "Content-Type: application/problem+json",
        f"Content-Length: {len(body)}",
        "Connection: close",
        *(f"{name.replace('_', '-')}: {value}" for name, value in headers.items()),
    ]
    return Fault("says", said="\r\n".join([*lines, "", body]).encode())


@pytest.mark.parametrize("code", one_always(["423", "429"], "429"))
def test_busy_is_waited_for_and_not_counted(recorder: Recorder, clip: bytes, code: str) -> None:
    with bad_line(recorder.url) as proxy, sending(recorder, proxy) as manager:
        manager.max_retries = 0
        proxy.befall(says(int(code), Retry_After="1"))
        status = ended(manager, manager.upload_recording(recorder.file("a.mp4", clip)))
        assert proxy.met == ["says"]
    assert (status["status"], status["retry_count"]) == ("completed", 0)


@pytest.mark.exhaustive
def test_errors_of_the_server_are_tried_again(recorder: Recorder, clip: bytes) -> None:
    with bad_line(recorder.url) as proxy, sending(recorder, proxy) as manager:
        manager.max_retries = 4
        proxy.befall(*[says(status) for status in (500, 502, 503, 504)])
        status = ended(manager, manager.upload_recording(recorder.file("a.mp4", clip)))
        assert len(proxy.met) == 4
    assert (status["status"], status["retry_count"]) == ("completed", 4)


@pytest.mark.parametrize("code", [501, 400, 403, 404, 302])
def test_others_are_not(recorder: Recorder, clip: bytes, code: int) -> None:
    with bad_line(recorder.url) as proxy, sending(recorder, proxy) as manager:
        proxy.befall(says(code, Location="https://elsewhere.example/"))
        status = ended(manager, manager.upload_recording(recorder.file("a.mp4", clip)))
    assert (status["status"], status["retry_count"]) == ("failed", 0)
    assert status["error"].endswith("address." if code == 302 else f"Said instead. [{code}]")


def test_a_page_of_somebody_else(recorder: Recorder) -> None:
    with bad_line(recorder.url) as proxy:
        client = RecordingUploadClient(f"{proxy.url}/api", recorder.token, 5)
        page = "HTTP/1.1 200 OK\r\nContent-Length: 10\r\nConnection: close\r\n\r\nLog in now"
        proxy.befall(Fault("says", said=page.encode()))
        with pytest.raises(NetworkError, match="is not Holdfast"):
            client.create_session("x", {}, 10, {})


@pytest.mark.exhaustive
def test_another_offset_than_was_thought(recorder: Recorder, clip: bytes) -> None:
    """A 409 that says how much is there: it goes on from there."""
    body = padded(clip, 300_000)
    path = recorder.file("a.mp4", body)
    client = RecordingUploadClient(f"{recorder.url}/api", recorder.token, 5)
    session = client.create_session("rdp_1", {}, len(body), {})
    other = Sender(recorder.url, recorder.token)
    assert other.patch(session.video_upload_url, 0, body[:100_000]).status == 204
    assert session.is_new
    sent = client.upload_file(session, path)
    assert sent["sha256"] == hashlib.sha256(body).hexdigest()
    client.finalize(session)
    recordings = client.list_recordings

    def is_listed() -> bool:
        return bool(recordings()["results"])

    wait_for(is_listed, seconds=20, what="the recording to be stored")
    require_once(body, recordings()["results"][0]["file_id"])


@pytest.mark.parametrize(("failures", "pause"), [(0, 2.0), (2, 8.0), (5, 60.0), (50, 60.0)])
def test_pauses_double_up_to_a_minute(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    failures: int,
    pause: float,
) -> None:
    monkeypatch.setattr("random.uniform", lambda _least, most: most)
    caplog.set_level("WARNING", "holdfast_agent.api")
    away = RecordingUploadClient(f"http://127.0.0.1:{free_port()}/api", "hf_x", timeout=2)
    manager = UploadManager(away, 1, 100, state_dir=tmp_path / "state")
    (tmp_path / "a.mp4").write_bytes(b"1")
    manager.upload_recording(tmp_path / "a.mp4")
    task = manager.queue.claim()
    assert task is not None
    manager.queue.change(task, failures=failures, status="queued", wait=0)
    manager.start()
    wait_for(lambda: "tried again" in caplog.text, seconds=10, what="the first attempt to fail")
    manager.stop()
    assert f"Upload tried again in {pause:.1f} s ({failures + 1} of 100)" in caplog.text
