"""The server, the agent's account on it, and a machine that records."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from access.models import User
from holdfast_agent import course, integration
from monitoring.heartbeats.services import beat
from storage.models import StorageTarget
from tests.agent.live import Recorder, storing
from tests.cast import agent, company, storage_target
from tests.monitoring.live.conftest import token_of
from tests.uploads.conftest import CLIP, clean_staging, own_test_settings
from tests.web import WebServer

__all__ = [
    "agent",
    "clean_staging",
    "company",
    "own_test_settings",
    "storage_target",
]


@pytest.fixture
def clip() -> bytes:
    return CLIP.read_bytes()


@pytest.fixture
def recorder(
    web_server: WebServer,
    agent: User,
    storage_target: StorageTarget,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[Recorder]:
    monkeypatch.setenv("HOLDFAST_AGENT_STATE_DIR", str(tmp_path / "machine" / "state"))
    monkeypatch.setattr(course, "SETTLE", 0.5)
    monkeypatch.setattr(integration, "SETTLE_OLDER", 0.5)
    # A file is stored here within a moment, and a retry is due within one.
    monkeypatch.setattr(course, "LOOKS", (*[0.05] * 10, *course.LOOKS))
    monkeypatch.setattr("holdfast_agent.manager.POLL", 0.05)
    beat(name="tick")
    folder = tmp_path / "machine"
    folder.mkdir()
    made = Recorder(web_server.url, token_of(agent), folder)
    with storing():
        yield made
        for manager in made.managers:
            manager.shutdown()
