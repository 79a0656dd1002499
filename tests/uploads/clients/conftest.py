"""A file on a disk to send, a bad line to send it over, and what has to be there afterwards."""

import hashlib
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.agent.chaos import ChaosProxy, bad_line
from tests.agent.live import padded
from tests.uploads.sending import Sender, store
from uploads.models import UploadSession

WRONG_TOKEN = "hf_" + "0" * 64


@pytest.fixture
def body(clip: bytes) -> bytes:
    """Of 600 kB: enough to be cut in the middle."""
    return padded(clip, 600_000)


@pytest.fixture
def file(tmp_path: Path, body: bytes) -> Path:
    path = tmp_path / "session.mp4"
    path.write_bytes(body)
    return path


@pytest.fixture
def proxy(sender: Sender) -> Iterator[ChaosProxy]:
    with bad_line(sender.base) as started:
        yield started


def require_stored(session: UploadSession, body: bytes) -> None:
    """A worker finds it whole, and stores just that."""
    stored = store(session.public_id)
    digest = hashlib.sha256(body).hexdigest()
    assert (stored.status, stored.recording.sha256) == ("completed", digest)
    assert stored.recording.file_name == "session.mp4"


def require_ended(session: UploadSession) -> None:
    session.refresh_from_db()
    assert (session.status, session.error) == ("failed", "cancelled by agent:till")
