"""The documented client against a live server, area by area."""

import hashlib
import json
import logging
import os
import time
from pathlib import Path

import pytest

from holdfast_agent import (
    ApiError,
    AuthenticationError,
    BusyError,
    NetworkError,
    ProgressFileWrapper,
    RecordingUploadClient,
    ServerError,
    UploadError,
    UploadManager,
    ValidationError,
)
from holdfast_agent.errors import is_retried
from tests.agent.live import Heard, Recorder, ended, padded
from tests.config.installation import free_port
from tests.config.waiting import wait_for
from uploads.models import Recording

pytestmark = pytest.mark.django_db(transaction=True)

METADATA = {
    "start_time": "2024-10-26T15:00:22.123456",
    "connection_info": {"con_codigo": 123, "ip": "192.168.1.100", "name": "Production Server"},
    "recorder_settings": {"fps": 10, "quality": 23, "resolution_scale": 1.0},
}


@pytest.fixture
def client(recorder: Recorder) -> RecordingUploadClient:
    return RecordingUploadClient(f"{recorder.url}/api", recorder.token, timeout=10)


class TestConnection:
    def test_it_is_there(
        self, client: RecordingUploadClient, caplog: pytest.LogCaptureFixture
    ) -> None:
        caplog.set_level(logging.INFO, "holdfast_agent.api")
        assert client.test_connection() is True
        assert "API connection test successful" in caplog.messages

    def test_a_wrong_token(self, recorder: Recorder) -> None:
        wrong = RecordingUploadClient(f"{recorder.url}/api", "hf_" + "0" * 64)
        assert wrong.test_connection() is False
        with pytest.raises(AuthenticationError):
            wrong.check_connection()

    def test_nobody_there(self) -> None:
        away = RecordingUploadClient(f"http://127.0.0.1:{free_port()}/api", "hf_x", timeout=2)
        assert away.test_connection() is False
        with pytest.raises(NetworkError):
            away.check_connection()


class TestManualUpload:
    def test_step_by_step(
        self, client: RecordingUploadClient, recorder: Recorder, clip: bytes
    ) -> None:
        video = recorder.file("rdp_123_1729950022.mp4", padded(clip, 500_000))
        beside = recorder.file("rdp_123_1729950022.json", json.dumps(METADATA).encode())
        size, percents = video.stat().st_size, list[float]()
        session = client.create_session(
            session_id="rdp_123_1729950022",
            connection_info=METADATA["connection_info"],  # type: ignore[arg-type]  # of mixed values
            file_size=size,
            metadata={"start_time": METADATA["start_time"]},
        )
        assert session["video_upload_url"].startswith(recorder.url)
        client.upload_file(session, beside, "metadata")
        sent = client.upload_file(session["session_id"], video, progress_callback=percents.append)
        assert sent["sha256"] == hashlib.sha256(video.read_bytes()).hexdigest()
        assert (percents[-1], percents) == (100, sorted(percents))
        status = client.get_status(session["session_id"])
        assert (status["status"], status["bytes_received"]) == ("uploaded", size)
        end = client.finalize(session["session_id"])
        assert end["sha256"] == sent["sha256"]
        assert (end["file_size"], bool(end.file_id)) == (size, True)
        # The agent's own id of it is as good, and asking again changes nothing.
        assert client.finalize("rdp_123_1729950022")["file_id"] == end["file_id"]

    def test_a_file_object_tells_how_far_it_is(self, recorder: Recorder) -> None:
        path, percents = recorder.file("a.mp4", bytes(1000)), list[float]()
        with path.open("rb") as file:
            wrapper = ProgressFileWrapper(file, 1000, percents.append)
            assert len(wrapper) == 1000
            while wrapper.read(250):
                pass
        assert percents == [25, 50, 75, 100]


class TestQueue:
    def test_a_recording_arrives(
        self, recorder: Recorder, clip: bytes, caplog: pytest.LogCaptureFixture
    ) -> None:
        caplog.set_level(logging.INFO, "holdfast_agent.api")
        manager = recorder.manager()
        assert manager.is_initialized is True
        video = recorder.file("rdp_123_1729950022.mp4", clip)
        beside = recorder.file("rdp_123_1729950022.json", json.dumps(METADATA).encode())
        task = manager.upload_recording(str(video), str(beside))
        status = ended(manager, task)
        assert set(status) == {"status", "progress", "retry_count", "server_file_id", "error"}
        assert (status["status"], status["progress"]) == ("completed", 100), status
        assert (status["retry_count"], status["error"]) == (0, None)
        assert manager.get_queue_status() == {
            "queue_size": 0,
            "active_uploads": 0,
            "completed_uploads": 1,
            "failed_uploads": 0,
        }
        stored = Recording.objects.get(pk=status["server_file_id"])
        assert (stored.sha256, stored.con_codigo) == (hashlib.sha256(clip).hexdigest(), "123")
        assert stored.metadata["recorder_settings"] == METADATA["recorder_settings"]
        assert manager.get_upload_status("upload_0_unknown") is None
        assert task is not None
        stamp = task.removeprefix("upload_").removesuffix("_rdp_123_1729950022")
        assert abs(int(stamp) - time.time()) < 60
        assert caplog.messages[0] == (f"RecordingUploadClient initialized for {recorder.url}/api")
        for line in (
            "UploadManager started with 2 workers",
            f"Recording queued for upload: rdp_123_1729950022.mp4 (task: {task})",
            f"Upload completed: {task}",
        ):
            assert line in caplog.messages
        assert recorder.token not in caplog.text

    @pytest.mark.exhaustive
    def test_it_survives_a_restart(self, recorder: Recorder, clip: bytes) -> None:
        video = recorder.file("a.mp4", clip)
        first = recorder.manager(upload_window=_a_closed_window())
        task = first.upload_recording(video)
        first.shutdown()
        second = recorder.manager()
        assert ended(second, task)["status"] == "completed"

    @pytest.mark.exhaustive
    def test_parts_of_a_session_are_recordings_of_their_own(
        self, recorder: Recorder, clip: bytes
    ) -> None:
        manager = recorder.manager()
        tasks = [
            manager.upload_recording(recorder.file(f"rdp_9_part{part}.mp4", clip))
            for part in (1, 2)
        ]
        found = {ended(manager, task)["server_file_id"] for task in tasks}
        assert len(found) == 2


class TestCallbacks:
    def test_all_four(self, recorder: Recorder, clip: bytes) -> None:
        manager, heard = recorder.manager(), Heard()
        heard.listen(manager)
        good = manager.upload_recording(recorder.file("good.mp4", padded(clip, 900_000)))
        file_id = ended(manager, good)["server_file_id"]
        bad = manager.upload_recording(recorder.file("bad.mp4", b"no video at all"))
        error = ended(manager, bad)["error"]
        wait_for(lambda: bool(heard.failed), seconds=10, what="the last callback")
        assert heard.started == [(good, "good.mp4"), (bad, "bad.mp4")]
        assert heard.completed == [(good, file_id)]
        assert heard.failed == [(bad, error)]
        mine = [percent for task, percent in heard.progress if task == good]
        assert (mine[-1], mine) == (100, sorted(mine))

    @pytest.mark.exhaustive
    def test_a_broken_one_costs_nothing(self, recorder: Recorder, clip: bytes) -> None:
        manager = recorder.manager()
        manager.on_upload_started = lambda *_said: 1 / 0
        task = manager.upload_recording(recorder.file("a.mp4", clip))
        assert ended(manager, task)["status"] == "completed"


class TestErrors:
    def test_their_kinds(self) -> None:
        for kind in (NetworkError, AuthenticationError, ServerError, ValidationError, UploadError):
            assert issubclass(kind, ApiError)
            assert kind("why").message == "why"
        assert [
            status for status in range(500, 600) if is_retried(ServerError("", status=status))
        ] == [*(500, 502, 503, 504)]
        assert is_retried(NetworkError(""))
        assert not any(
            map(is_retried, (AuthenticationError(""), ValidationError(""), BusyError("")))
        )

    def test_refusals(self, client: RecordingUploadClient, recorder: Recorder) -> None:
        with pytest.raises(ValidationError, match="file_size") as caught:
            client.create_session("x", {}, 0, {})
        assert caught.value.status == 400
        with pytest.raises(ValidationError):
            client.get_status("nobody-knows-it")
        with pytest.raises(UploadError, match="gone"):
            client.upload_file("x", recorder.folder / "missing.mp4")
        stranger = RecordingUploadClient(client.base_url, "hf_" + "0" * 64)
        with pytest.raises(AuthenticationError):
            stranger.list_recordings()

    def test_a_wrong_token_is_not_tried_again(self, recorder: Recorder, clip: bytes) -> None:
        manager = recorder.manager(api_token="hf_" + "0" * 64)
        status = ended(manager, manager.upload_recording(recorder.file("a.mp4", clip)))
        assert (status["status"], status["retry_count"]) == ("failed", 0)

    def test_a_server_that_is_away_is_tried_again(
        self, recorder: Recorder, clip: bytes, tmp_path: Path
    ) -> None:
        away = RecordingUploadClient(f"http://127.0.0.1:{free_port()}/api", "hf_x", timeout=2)
        manager = UploadManager(away, 1, 3, state_dir=tmp_path / "state", backoff=0.1)
        manager.start()
        try:
            status = ended(manager, manager.upload_recording(recorder.file("a.mp4", clip)))
        finally:
            manager.stop()
        assert (status["status"], status["retry_count"]) == ("failed", 3)
        assert "connection" in status["error"]


class TestOlderRecordings:
    @pytest.mark.exhaustive
    def test_what_lies_there(self, recorder: Recorder, clip: bytes) -> None:
        manager = recorder.manager()
        for name, days in (("new.mp4", 1), ("middle.mp4", 29), ("old.mp4", 31), ("x.txt", 1)):
            path = recorder.file(name, clip)
            moment = time.time() - days * 86400
            os.utime(path, (moment, moment))
        tasks = manager.upload_older_recordings(str(recorder.folder / "recordings"), 30)
        assert len(tasks) == 2
        for task in tasks:
            assert ended(manager, task)["status"] == "completed"
        assert manager.upload_older_recordings(recorder.folder / "recordings", 30) == []
        assert set(Recording.objects.values_list("file_name", flat=True)) == {
            "new.mp4",
            "middle.mp4",
        }


class TestDeleteAfterUpload:
    def test_only_what_was_confirmed(self, recorder: Recorder, clip: bytes) -> None:
        manager = recorder.manager(delete_after_upload=True)
        good, bad = recorder.file("good.mp4", clip), recorder.file("bad.mp4", b"no video")
        beside = recorder.file("good.json", b"{}")
        assert ended(manager, manager.upload_recording(good))["status"] == "completed"
        assert ended(manager, manager.upload_recording(bad))["status"] == "failed"
        assert not good.exists()
        assert not beside.exists()
        assert bad.exists()

    @pytest.mark.exhaustive
    def test_kept_by_default(self, recorder: Recorder, clip: bytes) -> None:
        manager, good = recorder.manager(), recorder.file("good.mp4", clip)
        assert ended(manager, manager.upload_recording(good))["status"] == "completed"
        assert good.exists()


class TestRecordings:
    def test_found_and_filtered(self, client: RecordingUploadClient) -> None:
        page = client.list_recordings(con_codigo=123, limit=5)
        assert set(page) >= {"results", "next", "previous", "count"}
        assert (page["results"], page["count"]) == ([], None)

    @pytest.mark.exhaustive
    def test_deleting_needs_its_scope(
        self, client: RecordingUploadClient, recorder: Recorder, clip: bytes
    ) -> None:
        manager = recorder.manager()
        task = manager.upload_recording(recorder.file("a.mp4", clip), METADATA)
        file_id = ended(manager, task)["server_file_id"]
        assert client.list_recordings(con_codigo=123)["results"][0]["file_id"] == file_id
        with pytest.raises(AuthenticationError):
            client.delete_recording(file_id)


def _a_closed_window() -> str:
    """An hour of the day that is not now."""
    hour = (time.localtime().tm_hour + 12) % 24
    return f"{hour:02}:00-{hour:02}:30"
