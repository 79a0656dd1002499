"""A cut upload goes on where it stopped; two writers; chunks with checksums; what is refused."""

import base64
import hashlib
import os
from pathlib import Path

import pytest

from storage.models import StorageTarget
from tests.config.waiting import wait_for
from tests.uploads.cutting import HeldRequest, held_patch
from tests.uploads.sending import Sender, store
from uploads.ingest.staging import staging_folder
from uploads.models import Part

pytestmark = pytest.mark.django_db(transaction=True)
HALF = 1_500_000


@pytest.fixture
def large(clip: bytes) -> bytes:
    """A video with something behind its end that players skip."""
    filler = os.urandom(3_000_000)
    return clip + (len(filler) + 8).to_bytes(4, "big") + b"free" + filler


def staged() -> int:
    return sum(path.stat().st_size for path in staging_folder().iterdir())


def test_a_cut_upload_goes_on(sender: Sender, large: bytes, storage_target: StorageTarget) -> None:
    opened = sender.open(large)
    url = opened["video_upload_url"]
    held = held_patch(sender, url, 0, len(large))
    held.send(large[:HALF])
    wait_for(lambda: staged() > 0, seconds=10, what="something is written")
    held.cut()
    offset = sender.offset(url)
    assert 0 < offset <= HALF
    answer = sender.patch(url, offset, large[offset:])
    assert (answer.status, answer.headers["upload-offset"]) == (204, str(len(large)))
    digest = hashlib.sha256(large).hexdigest()
    assert sender.finalize(opened["session_id"], sha256=digest).status == 202
    session = store(opened["session_id"])
    assert (
        Path(storage_target.options["folder"]) / session.recording.stored.key
    ).read_bytes() == large


def test_a_newer_request_takes_over(sender: Sender, large: bytes) -> None:
    opened = sender.open(large)
    url = opened["video_upload_url"]
    older = held_patch(sender, url, 0, len(large))
    older.send(large[:HALF])
    wait_for(lambda: staged() > 0, seconds=10, what="the older one writes")
    offset = sender.offset(url)
    assert offset == HALF
    assert sender.patch(url, offset, large[offset:]).status == 204
    assert older.status() == 409
    assert sender.status(opened["session_id"])["status"] == "uploaded"
    assert Part.objects.get(kind="file").sha256 == hashlib.sha256(large).hexdigest()


def test_a_whole_body_sent_again_loses_nothing(sender: Sender, large: bytes) -> None:
    opened = sender.open(large)
    url = opened["video_upload_url"]
    assert sender.patch(url, 0, large[:HALF]).status == 204
    cut = HeldRequest(sender, "PUT", url, length=len(large), headers={})
    cut.send(large[:1000])
    cut.cut()
    assert sender.offset(url) == HALF
    sent = sender.ask("PUT", url, large)
    assert sent.status == 200, sent.json
    assert sent.json["sha256"] == hashlib.sha256(large).hexdigest()
    # Another file of the same length is another file.
    other = large[:2000] + bytes(len(large) - 2000)
    sent = sender.ask("POST", url, other)
    assert sent.status == 200, sent.json
    assert sent.json["sha256"] == hashlib.sha256(other).hexdigest()


def test_a_wrong_offset_changes_nothing(sender: Sender, clip: bytes) -> None:
    opened = sender.open(clip)
    url = opened["video_upload_url"]
    assert sender.patch(url, 0, clip[:100]).status == 204
    answer = sender.patch(url, 50, clip[50:])
    assert (answer.status, answer.json["code"]) == (409, "wrong_offset")
    assert answer.json["bytes_received"] == 100
    assert sender.offset(url) == 100


@pytest.mark.parametrize("name", ["sha1", "sha256", "md5"])
def test_a_chunk_with_a_wrong_checksum_is_cut_off(sender: Sender, clip: bytes, name: str) -> None:
    opened = sender.open(clip)
    url = opened["video_upload_url"]
    assert sender.patch(url, 0, clip[:100]).status == 204

    def said(body: bytes) -> str:
        return f"{name} {base64.b64encode(hashlib.new(name, body).digest()).decode()}"

    answer = sender.patch(url, 100, clip[100:200], Upload_Checksum=said(b"another"))
    assert (answer.status, sender.offset(url)) == (460, 100)
    answer = sender.patch(url, 100, clip[100:], Upload_Checksum=said(clip[100:]))
    assert (answer.status, sender.offset(url)) == (204, len(clip))
    assert Part.objects.get(kind="file").sha256 == hashlib.sha256(clip).hexdigest()


def test_more_than_announced_is_refused(sender: Sender, clip: bytes) -> None:
    opened = sender.open(clip)
    url = opened["video_upload_url"]
    assert sender.ask("PUT", url, clip + b"more").status == 413
    assert sender.patch(url, 0, clip + b"more").status == 413
    assert sender.offset(url) == 0


def test_what_is_refused(sender: Sender, clip: bytes) -> None:
    opened = sender.open(clip)
    url, name = opened["video_upload_url"], opened["session_id"]
    plain = {"Upload-Offset": "0", "Content-Type": "text/plain"}
    assert sender.ask("PATCH", url, clip, plain).status == 415
    assert sender.ask("HEAD", url, headers={"Tus-Resumable": "0.2.2"}).status == 412
    assert sender.ask("GET", url).status == 405
    wrong = sender.ask("POST", f"/api/uploads/{name}/file?file_type=audio", clip)
    assert (wrong.status, wrong.json["code"]) == (415, "unsupported_type")
    bad = sender.ask("POST", opened["metadata_upload_url"], b"[1, 2]")
    assert (bad.status, bad.json["code"]) == (422, "wrong_content")
    assert sender.ask("PUT", "/upload/video/none", clip).status == 404


def test_a_session_that_is_over_takes_nothing(sender: Sender, clip: bytes) -> None:
    opened = sender.open(clip)
    url = opened["video_upload_url"]
    sender.ask("PUT", url, clip)
    sender.finalize(opened["session_id"])
    answer = sender.ask("PUT", url, clip)
    assert (answer.status, answer.json["code"]) == (409, "session_over")
    assert sender.offset(url) == len(clip)
    store(opened["session_id"])
    # Who lost the last answer finds it whole.
    assert sender.offset(url) == len(clip)
    assert sender.ask("DELETE", url).status == 409
