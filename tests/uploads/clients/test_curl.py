"""curl: whole bodies, forms, on from where a line broke, by tus with its options, and refusals."""

import base64
import hashlib
import json
import subprocess
from pathlib import Path

import pytest

from tests.agent.chaos import ChaosProxy, Fault
from tests.config.waiting import wait_for
from tests.uploads.clients.conftest import WRONG_TOKEN, require_ended, require_stored
from tests.uploads.sending import Sender, session_named, store

pytestmark = pytest.mark.django_db(transaction=True)


TUS = ("-H", "Tus-Resumable: 1.0.0")


def run(
    sender: Sender, *arguments: str, token: str = "", sent: bytes = b""
) -> subprocess.CompletedProcess[bytes]:
    bearer = f"Authorization: Bearer {token or sender.token}"
    command = ["curl", "-sS", "-H", bearer, *arguments]
    return subprocess.run(command, input=sent, capture_output=True, timeout=60)


def curl(sender: Sender, *arguments: str) -> dict[str, object]:
    said = run(sender, *arguments)
    assert said.returncode == 0, said.stderr
    return dict(json.loads(said.stdout))


def told(said: subprocess.CompletedProcess[bytes]) -> tuple[int, dict[str, str]]:
    """Of `curl -i`: the status, and the headers of the last answer."""
    first, *lines = said.stdout.split(b"\r\n\r\n")[0].decode().splitlines()
    pairs = (line.partition(": ") for line in lines)
    return int(first.split()[1]), {name.lower(): value for name, _colon, value in pairs}


@pytest.mark.exhaustive
def test_curl_puts_a_file(sender: Sender, file: Path, body: bytes) -> None:
    opened = sender.open(body, file_name="session.mp4")
    answer = curl(sender, "-T", str(file), str(opened["video_upload_url"]))
    assert answer["sha256"] == hashlib.sha256(body).hexdigest()
    assert sender.finalize(opened["session_id"]).status == 202
    require_stored(session_named(opened["session_id"]), body)


@pytest.mark.parametrize("says_where", [True, False])
def test_curl_goes_on_after_a_cut(
    sender: Sender, proxy: ChaosProxy, file: Path, body: bytes, says_where: bool
) -> None:
    opened = sender.open(body, file_name="session.mp4")
    url = str(opened["video_upload_url"])
    proxy.befall(Fault("cut", after=400_000))
    assert run(sender, "-T", str(file), url.replace(sender.base, proxy.url)).returncode != 0
    # What came is kept when the server sees the cut, which curl did before it.
    wait_for(lambda: sender.offset(url) > 0, seconds=30, what="what came before the cut")
    here = told(run(sender, "-I", *TUS, url))[1]["upload-offset"]
    assert 0 < int(here) < 400_000
    onward = ["-C", here] if says_where else []
    answer = curl(sender, *onward, "-T", str(file), url)
    assert answer["sha256"] == hashlib.sha256(body).hexdigest()


def test_a_range_that_does_not_fit_costs_nothing(sender: Sender, file: Path, body: bytes) -> None:
    url = str(sender.open(body)["video_upload_url"])
    assert sender.patch(url, 0, body[:1000]).status == 204
    wrong = curl(sender, "-C", "500", "-T", str(file), url)
    assert (wrong["code"], wrong["bytes_received"]) == ("wrong_offset", 1000)
    for said in ("bytes 1000-1009/20", "bytes 1000-1005/*", "lines 1-2", "bytes 1000-1001/600000"):
        answer = sender.ask("PUT", url, bytes(10), {"Content-Range": said})
        assert (answer.status, answer.json["code"]) == (400, "bad_request"), said
    assert sender.offset(url) == 1000


def test_curl_speaks_tus(sender: Sender, file: Path, body: bytes) -> None:
    """Creation with the first bytes, where it stands, the rest; and another one ended."""
    at = f"{sender.base}/api/uploads/tus/"
    chunk = [*TUS, "-H", "Content-Type: application/offset+octet-stream"]
    length = ["-H", f"Upload-Length: {len(body)}"]
    named = ["-H", f"Upload-Metadata: filename {base64.b64encode(b'session.mp4').decode()}"]
    first = [*chunk, *length, *named, "--data-binary", "@-"]
    status, headers = told(run(sender, "-i", "-X", "POST", *first, at, sent=body[:500]))
    assert (status, headers["upload-offset"]) == (201, "500")
    assert "GMT" in headers["upload-expires"]
    url = headers["location"]
    assert told(run(sender, "-I", *TUS, url))[1]["upload-offset"] == "500"
    rest = ["-X", "PATCH", *chunk, "-H", "Upload-Offset: 500", "--data-binary", "@-"]
    assert told(run(sender, "-i", *rest, url, sent=body[500:]))[0] == 204
    require_stored(session_named(url.rsplit("/", 1)[-1]), body)
    status, headers = told(run(sender, "-i", "-X", "POST", *TUS, *length, at))
    url = headers["location"]
    assert told(run(sender, "-i", "-X", "DELETE", *TUS, url))[0] == 204
    require_ended(session_named(url.rsplit("/", 1)[-1]))
    assert told(run(sender, "-I", *TUS, url))[0] == 410
    status, headers = told(run(sender, "-i", "-X", "OPTIONS", at))
    assert status == 204
    assert "creation-with-upload" in headers["tus-extension"]


def test_curl_with_a_wrong_token(sender: Sender, file: Path, body: bytes) -> None:
    url = str(sender.open(body)["video_upload_url"])
    for how in (["-T", str(file)], ["-I"], ["-X", "DELETE"]):
        status, headers = told(run(sender, "-i", *how, url, token=WRONG_TOKEN))
        assert (status, headers["www-authenticate"]) == (401, "Bearer")
    assert sender.offset(url) == 0


@pytest.mark.exhaustive
def test_curl_sends_a_form_with_both_parts(
    sender: Sender, file: Path, body: bytes, tmp_path: Path
) -> None:
    opened = sender.open(body, metadata={"start_time": "2024-10-26T15:00:22.123456"})
    beside = tmp_path / "session.json"
    beside.write_text('{"clicks": 7, "end_time": "2024-10-26T15:20:00"}')
    url = f"{sender.base}/api/uploads/rdp_123_1729950022/file"
    answer = curl(sender, "-F", f"video=@{file}", "-F", f"metadata=@{beside}", url)
    assert answer["status"] == "uploaded", answer
    assert sender.finalize(opened["session_id"]).status == 202
    recording = store(opened["session_id"]).recording
    assert recording.metadata == {
        "start_time": "2024-10-26T15:00:22.123456",
        "clicks": 7,
        "end_time": "2024-10-26T15:20:00",
    }


@pytest.mark.exhaustive
def test_curl_sends_metadata_after_the_video_without_its_type(
    sender: Sender, file: Path, body: bytes, tmp_path: Path
) -> None:
    opened = sender.open(body)
    url = f"{sender.base}/api/uploads/{opened['session_id']}/file"
    assert curl(sender, "-F", f"file=@{file}", url)["status"] == "uploaded"
    beside = tmp_path / "session.json"
    beside.write_text('{"clicks": 7}')
    # JSON by its name; it must not be written over the video.
    answer = curl(sender, "-F", f"file=@{beside}", url)
    assert (answer["part"], answer["status"]) == ("metadata", "uploaded")
    # Said when it is too late to heed it.
    late = ("-F", f"file=@{file}", "-F", "file_type=metadata")
    status, _headers = told(run(sender, "-i", *late, url))
    assert status == 400
    assert curl(sender, "-F", f"file=@{file}", "-F", "file_type=video", url)["part"] == "file"
    sender.finalize(opened["session_id"])
    assert store(opened["session_id"]).recording.metadata == {"clicks": 7}


def test_curl_sends_a_form_that_says_its_type(sender: Sender, file: Path, body: bytes) -> None:
    opened = sender.open(body)
    url = f"{sender.base}/api/uploads/{opened['session_id']}/file"
    answer = curl(sender, "-F", "file_type=video", "-F", f"file=@{file}", url)
    assert answer["sha256"] == hashlib.sha256(body).hexdigest()
    cut = sender.ask(
        "POST",
        f"/api/uploads/{opened['session_id']}/file",
        b'--x\r\nContent-Disposition: form-data; name="video"; filename="a"\r\n\r\nabc',
        {"Content-Type": "multipart/form-data; boundary=x"},
    )
    assert (cut.status, cut.json["code"]) == (400, "bad_request")
