"""The server is killed while a file comes in: what was acknowledged is there, and it goes on."""

import hashlib
import http.client
import os
import signal

import pytest

from access.models import User
from faults import VARIABLE
from storage.models import StorageTarget
from tests.faults.points import IN_AN_UPLOAD, one_always
from tests.monitoring.live.conftest import token_of
from tests.uploads.sending import Sender, store
from tests.web import WebServer
from uploads.models import Part

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.xdist_group("web")]
# Those at which bytes are taken; the others are a worker's, or the tick's.
TAKING = {
    "upload.written",
    "upload.flushed",
    "upload.recorded",
    "upload.complete",
    "upload.finalize-before-commit",
}
POINTS = [point for point in IN_AN_UPLOAD if point in TAKING]


@pytest.mark.parametrize("point", one_always(POINTS, "upload.flushed"))
def test_it_goes_on(point: str, agent: User, storage_target: StorageTarget, clip: bytes) -> None:
    filler = os.urandom(1_000_000)
    body = clip + (len(filler) + 8).to_bytes(4, "big") + b"free" + filler
    token = token_of(agent)
    server = WebServer(**{VARIABLE: point})
    server.start()
    try:
        sender = Sender(server.url, token)
        opened = sender.open(body)
        path = opened["video_upload_url"].removeprefix(server.url)
        with pytest.raises((OSError, http.client.HTTPException)):
            sender.ask("PUT", path, body)
            sender.finalize(opened["session_id"])
        assert server.process is not None
        assert server.process.wait(10) == -signal.SIGKILL
        acknowledged = Part.objects.get(kind="file").received
        server.environment = {}
        server.start()
        offset = sender.offset(path)
        assert offset == acknowledged
        if offset < len(body):
            assert sender.patch(path, offset, body[offset:]).status == 204
        digest = hashlib.sha256(body).hexdigest()
        assert sender.finalize(opened["session_id"], sha256=digest).status == 202
    finally:
        server.stop()
    recording = store(opened["session_id"]).recording
    assert (recording.sha256, recording.size) == (digest, len(body))
