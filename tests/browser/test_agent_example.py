"""The example of the agent's guide, as it stands there: what it sends plays in the browser."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import expect

from access.models import User
from config.places import PROJECT
from monitoring.heartbeats.services import beat
from tests.agent.live import storing
from tests.browser.test_recordings import require_plays_and_seeks
from tests.cast import agent
from tests.monitoring.live.conftest import token_of
from tests.uploads.conftest import clean_staging, clip
from tests.web import WebServer
from uploads.models import Recording

__all__ = ["agent", "clean_staging", "clip"]
pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.xdist_group("browser")]
METADATA = {
    "start_time": "2024-10-26T15:00:22.123456",
    "connection_info": {"con_codigo": 123, "ip": "192.168.1.100", "name": "Production Server"},
}


class Machine:
    """With recordings, a configuration, and the example to run."""

    def __init__(self, folder: Path, server: WebServer, token: str) -> None:
        self.folder, self.configuration = folder / "recordings", folder / "agent.json"
        self.folder.mkdir(parents=True)
        state = str(folder / "state")
        self.api = {"enabled": True, "base_url": f"{server.url}/api", "state_dir": state}
        self.token = token

    def run(self) -> "subprocess.CompletedProcess[str]":
        self.configuration.write_text(json.dumps({"api": {**self.api, "api_token": "env:TOKEN"}}))
        example = PROJECT / "docs" / "examples" / "recordings.py"
        source = str(PROJECT / "agent" / "src")
        return subprocess.run(
            [sys.executable, str(example), str(self.configuration), str(self.folder)],
            env={**os.environ, "PYTHONPATH": source, "TOKEN": self.token},
            capture_output=True,
            text=True,
            timeout=60,
        )


@pytest.fixture
def machine(tmp_path: Path, web_server: WebServer, agent: User, clip: bytes) -> Machine:
    beat(name="tick")
    # The storage has its folder beside it.
    made = Machine(tmp_path / "machine", web_server, token_of(agent))
    for name in ("rdp_1_1729950022.mp4", "rdp_2_1729950023.mp4"):
        (made.folder / name).write_bytes(clip)
    (made.folder / "rdp_1_1729950022.json").write_text(json.dumps(METADATA))
    return made


def rest(folder: Path) -> None:
    """They were not written just now: such are waited for."""
    for path in folder.iterdir():
        found = path.stat()
        os.utime(path, (found.st_atime, found.st_mtime - 3600))


@pytest.mark.exhaustive
def test_what_it_sends_plays(
    visit: Any, viewer: User, storage_target: Any, machine: Machine
) -> None:
    (machine.folder / "rdp_3_1729950024.mp4").write_bytes(b"no video at all")
    rest(machine.folder)
    with storing():
        said = machine.run()
    # One of three is refused, and the example tells how many.
    assert said.returncode == 1, said.stderr
    assert said.stdout.startswith("  100 %\nby hand: ")
    assert "This is no video" in said.stdout
    assert "'queue_size': 0, 'active_uploads': 0, 'completed_uploads': 2" in said.stdout
    # By hand and by the queue: the server knows that it is the same.
    assert Recording.objects.count() == 2
    visitor = visit()
    visitor.let_in(viewer)
    page = visitor.open("/dashboard/recordings?con_codigo=123")
    expect(page.get_by_role("link", name="rdp_2_1729950023.mp4")).to_have_count(0)
    page.get_by_role("link", name="rdp_1_1729950022.mp4").click()
    require_plays_and_seeks(page)
    expect(page.get_by_text("Production Server").first).to_be_visible()


@pytest.mark.exhaustive
def test_what_it_says_of_errors(storage_target: Any, machine: Machine) -> None:
    machine.token = "hf_" + "0" * 64
    assert machine.run().returncode == 3
    machine.api["enabled"] = False
    said = machine.run()
    assert (said.returncode, said.stderr) == (2, "not configured: None\n")
