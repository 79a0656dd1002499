"""From a session to a stored recording, over a real server."""

import hashlib
from pathlib import Path

import pytest
from django_q.models import OrmQ

from monitoring.files.models import TrackedFile
from storage.models import StorageTarget
from tests.uploads.sending import Sender, session_named, store
from uploads.ingest.staging import staging_folder
from uploads.models import Recording

pytestmark = pytest.mark.django_db(transaction=True)


def test_a_recording_arrives(sender: Sender, clip: bytes, storage_target: StorageTarget) -> None:
    digest = hashlib.sha256(clip).hexdigest()
    opened = sender.open(clip, connection_info={"con_codigo": 123, "ip": "192.168.1.100"})
    sent = sender.ask("PUT", opened["video_upload_url"], clip)
    assert (sent.status, sent.json["sha256"]) == (200, digest)
    status = sender.status(opened["session_id"])
    assert (status["status"], status["bytes_received"]) == ("uploaded", len(clip))
    assert (status["progress"], status["server_file_id"]) == (99.0, None)

    ended = sender.finalize(opened["session_id"], sha256=digest)
    assert (ended.status, ended.json["status"]) == (202, "finalizing")
    assert OrmQ.objects.filter(key="short").count() == 1
    store(opened["session_id"])

    again = sender.finalize(opened["session_id"])
    assert (again.status, again.json["status"]) == (200, "completed")
    assert again.json["file_id"] == ended.json["file_id"]
    recording = Recording.objects.get(pk=again.json["file_id"])
    assert (recording.sha256, recording.con_codigo) == (digest, "123")
    assert (recording.content_type, recording.width, recording.height) == ("video/mp4", 320, 240)
    assert recording.duration == pytest.approx(2, abs=0.2)
    assert not recording.damage
    stored = Path(storage_target.options["folder"]) / recording.stored.key
    assert stored.read_bytes() == clip
    assert list(staging_folder().iterdir()) == []
    status = sender.status("rdp_123_1729950022")
    assert (status["progress"], status["server_file_id"]) == (100, str(recording.pk))
    file = TrackedFile.objects.get()
    assert (file.status, file.progress) == ("completed", 100)
    assert {stage.status for stage in file.stages.all()} == {"completed"}


def test_the_same_session_is_opened_once(sender: Sender, clip: bytes) -> None:
    first = sender.open(clip)
    again = sender.ask(
        "POST",
        "/api/uploads/create-session",
        {"session_id": "rdp_123_1729950022", "file_size": len(clip)},
    )
    assert (again.status, again.json["session_id"]) == (200, first["session_id"])
    other = sender.open(clip, file_name="part2.mp4")
    assert other["session_id"] != first["session_id"]


def test_another_digest_fails_and_leaves_nothing(sender: Sender, clip: bytes) -> None:
    opened = sender.open(clip)
    sender.ask("POST", opened["video_upload_url"], clip)
    answer = sender.finalize(opened["session_id"], sha256="0" * 64)
    assert (answer.status, answer.json["code"]) == (422, "sha256_differs")
    assert sender.status(opened["session_id"])["status"] == "failed"
    assert list(staging_folder().iterdir()) == []
    assert TrackedFile.objects.get().status == "failed"


def test_missing_bytes_are_told(sender: Sender, clip: bytes) -> None:
    opened = sender.open(clip)
    sent = sender.ask("PUT", opened["video_upload_url"], clip[:100])
    assert (sent.status, sent.json["bytes_received"]) == (409, 100)
    answer = sender.finalize(opened["session_id"])
    assert (answer.status, answer.json["code"]) == (409, "incomplete")
    assert (answer.json["bytes_received"], answer.json["file_size"]) == (100, len(clip))


def test_what_is_no_video_is_refused(sender: Sender) -> None:
    body = b"#!/bin/sh\n" * 10
    opened = sender.open(body)
    sender.ask("PUT", opened["video_upload_url"], body)
    answer = sender.finalize(opened["session_id"])
    assert (answer.status, answer.json["code"]) == (422, "wrong_content")


def test_others_find_nothing(sender: Sender, clip: bytes) -> None:
    opened = sender.open(clip)
    nobody = Sender(sender.base, "hf_" + "0" * 64)
    answer = nobody.ask("PUT", opened["video_upload_url"], clip)
    assert (answer.status, answer.headers["www-authenticate"]) == (401, "Bearer")
    assert answer.headers["content-type"] == "application/problem+json"
    assert session_named(opened["session_id"]).status == "created"
