"""Clients that nobody here wrote: curl, tuspy, and forms as others make them."""

import hashlib
import json
import subprocess
from pathlib import Path
from typing import Any

import pytest
from tusclient.client import TusClient

from tests.uploads.sending import Sender, session_named, store
from uploads.models import UploadSession

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.xdist_group("web")]


def curl(sender: Sender, *arguments: str) -> dict[str, object]:
    said = subprocess.run(
        ["curl", "-sS", "-H", f"Authorization: Bearer {sender.token}", *arguments],
        check=True,
        capture_output=True,
        timeout=60,
    )
    return dict(json.loads(said.stdout))


@pytest.fixture
def on_disk(tmp_path: Path, clip: bytes) -> Path:
    path = tmp_path / "session.mp4"
    path.write_bytes(clip)
    return path


def test_curl_puts_a_file(sender: Sender, on_disk: Path, clip: bytes) -> None:
    opened = sender.open(clip)
    answer = curl(sender, "-T", str(on_disk), str(opened["video_upload_url"]))
    assert answer["sha256"] == hashlib.sha256(clip).hexdigest()


def test_curl_sends_a_form_with_both_parts(
    sender: Sender, on_disk: Path, clip: bytes, tmp_path: Path
) -> None:
    opened = sender.open(clip, metadata={"start_time": "2024-10-26T15:00:22.123456"})
    beside = tmp_path / "session.json"
    beside.write_text('{"clicks": 7, "end_time": "2024-10-26T15:20:00"}')
    url = f"{sender.base}/api/uploads/rdp_123_1729950022/file"
    answer = curl(sender, "-F", f"video=@{on_disk}", "-F", f"metadata=@{beside}", url)
    assert answer["status"] == "uploaded", answer
    assert sender.finalize(opened["session_id"]).status == 202
    recording = store(opened["session_id"]).recording
    assert recording.metadata == {
        "start_time": "2024-10-26T15:00:22.123456",
        "clicks": 7,
        "end_time": "2024-10-26T15:20:00",
    }


def test_curl_sends_a_form_that_says_its_type(sender: Sender, on_disk: Path, clip: bytes) -> None:
    opened = sender.open(clip)
    url = f"{sender.base}/api/uploads/{opened['session_id']}/file"
    answer = curl(sender, "-F", "file_type=video", "-F", f"file=@{on_disk}", url)
    assert answer["sha256"] == hashlib.sha256(clip).hexdigest()
    cut = sender.ask(
        "POST",
        f"/api/uploads/{opened['session_id']}/file",
        b'--x\r\nContent-Disposition: form-data; name="video"; filename="a"\r\n\r\nabc',
        {"Content-Type": "multipart/form-data; boundary=x"},
    )
    assert (cut.status, cut.json["code"]) == (400, "bad_request")


def test_tuspy_sends_and_goes_on(sender: Sender, on_disk: Path, clip: bytes) -> None:
    headers = {"Authorization": f"Bearer {sender.token}"}
    client = TusClient(f"{sender.base}/api/uploads/tus/", headers=headers)
    said = {"filename": "session.mp4", "session_id": "rdp_7"}
    first: Any = client.uploader(str(on_disk), chunk_size=1000, metadata=said)
    first.upload_chunk()
    first.upload_chunk()
    # Another process goes on where the first one stopped, by the address alone.
    more = {"chunk_size": 1000, "upload_checksum": True}
    second: Any = client.uploader(str(on_disk), url=first.url, **more)
    assert second.offset == 2000
    second.upload()
    session = UploadSession.objects.get(client_id="rdp_7")
    # Plain tus knows no finalize.
    assert (session.status, session.file_name) == ("finalizing", "session.mp4")
    assert store(session.public_id).recording.sha256 == hashlib.sha256(clip).hexdigest()


def test_tus_creation_with_upload_and_termination(sender: Sender, clip: bytes) -> None:
    headers = {
        "Tus-Resumable": "1.0.0",
        "Upload-Length": str(len(clip)),
        "Content-Type": "application/offset+octet-stream",
    }
    answer = sender.ask("POST", "/api/uploads/tus/", clip[:500], headers)
    assert (answer.status, answer.headers["upload-offset"]) == (201, "500")
    assert "GMT" in answer.headers["upload-expires"]
    url = answer.headers["location"]
    assert sender.offset(url) == 500
    assert sender.ask("DELETE", url, headers={"Tus-Resumable": "1.0.0"}).status == 204
    assert sender.ask("HEAD", url).status == 410
    session = session_named(url.rsplit("/", 1)[-1])
    assert (session.status, session.error) == ("failed", "cancelled by agent:till")
    options = sender.ask("OPTIONS", "/api/uploads/tus/")
    assert options.status == 204
    assert "creation-with-upload" in options.headers["tus-extension"]
