"""The command line: what it prints, and its exit status."""

import hashlib
import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest

from tests.agent.live import Recorder
from tests.config.installation import free_port

SOURCE = Path(__file__).parents[2] / "agent" / "src"
TOKEN = "hf_" + "b2" * 20


class Answering(BaseHTTPRequestHandler):
    """Takes reports as the contract of expected backups has them, and keeps them."""

    taken: list[tuple[str, dict[str, Any]]]

    def do_POST(self) -> None:
        length = int(self.headers["Content-Length"])
        self.taken.append((self.path, json.loads(self.rfile.read(length))))
        body = json.dumps({"id": 5, "status": "SUCCESS"}).encode()
        self.send_response(201)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_said: Any) -> None:
        pass


@pytest.fixture
def reported() -> Iterator[tuple[str, list[tuple[str, dict[str, Any]]]]]:
    class Handler(Answering):
        taken = []

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/api", Handler.taken
        server.shutdown()
        thread.join()


class Machine:
    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.environment = {"HOLDFAST_AGENT_STATE_DIR": str(folder / "state")}

    def configure(self, **api: Any) -> None:
        path = self.folder / "agent.json"
        path.write_text(json.dumps({"api": api}))
        self.environment["HOLDFAST_AGENT_CONFIG"] = str(path)

    def run(self, *arguments: str, said: str = "") -> "subprocess.CompletedProcess[str]":
        return subprocess.run(
            [sys.executable, "-m", "holdfast_agent", *arguments],
            input=said,
            env={**os.environ, "PYTHONPATH": str(SOURCE), **self.environment},
            cwd=self.folder,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path)


def test_a_machine_that_is_not_set_up(machine: Machine) -> None:
    answer = machine.run("check")
    assert (answer.returncode, answer.stdout) == (2, "")
    assert "base_url is not set" in answer.stderr
    machine.configure(base_url="https://127.0.0.1/api")
    said = json.loads(machine.run("check", "--json").stdout)
    assert said["ok"] is False
    assert "There is no token" in said["error"]
    assert machine.run("upload").returncode == 2
    assert machine.run("nonsense").returncode == 2


@pytest.mark.exhaustive
def test_a_token_comes_by_a_pipe_and_stays_private(machine: Machine) -> None:
    machine.configure(base_url=f"http://127.0.0.1:{free_port()}/api", upload_timeout=2)
    answer = machine.run("set-token", "--file", said=TOKEN + "\n")
    assert (answer.returncode, answer.stdout) == (0, "stored: file\n")
    kept = machine.folder / "state" / "token"
    assert kept.stat().st_mode & 0o777 == 0o600
    assert machine.run("set-token", "--file", said="two words\n").returncode == 2
    answer = machine.run("check", "--verbose", "--log-file", "agent.log")
    assert answer.returncode == 3
    log = (machine.folder / "agent.log").read_text()
    assert "RecordingUploadClient initialized for" in log
    assert TOKEN not in log + answer.stderr + answer.stdout


@pytest.mark.exhaustive
def test_reports(machine: Machine, reported: tuple[str, list[tuple[str, dict[str, Any]]]]) -> None:
    url, taken = reported
    machine.configure(base_url=url, api_token=TOKEN)
    dump = machine.folder / "shop.dump"
    dump.write_bytes(b"PGDMP" * 1000)
    os.utime(dump, (1_795_000_000, 1_795_000_000))
    answer = machine.run("report", "7", "--file", str(dump), "--json")
    assert json.loads(answer.stdout) == {"ok": True, "job": "7", "status": "SUCCESS", "entry": 5}
    machine.run("report", "7", "--failed", "disk full", "--time", "2026-11-21T04:00:00+01:00")
    assert taken == [
        (
            "/api/v1/jobs/7/reports",
            {
                "status": "SUCCESS",
                "backup_hash": hashlib.sha256(dump.read_bytes()).hexdigest(),
                "backup_size_bytes": 5000,
                "backup_timestamp_utc": "2026-11-18T11:06:40Z",
            },
        ),
        (
            "/api/v1/jobs/7/reports",
            {
                "status": "FAILED",
                "error_message": "disk full",
                "backup_timestamp_utc": "2026-11-21T03:00:00Z",
            },
        ),
    ]
    assert machine.run("report", "7").returncode == 2


@pytest.mark.django_db(transaction=True)
def test_against_a_server(recorder: Recorder, clip: bytes) -> None:
    machine = Machine(recorder.folder)
    machine.configure(**recorder.settings()["api"])
    said = json.loads(machine.run("check", "--json").stdout)
    assert (said["ok"], said["token"], said["server"]) == (True, "accepted", "0.1.0")
    good, bad = recorder.file("good.mp4", clip), recorder.file("bad.mp4", b"no video")
    answer = machine.run("upload", str(good), str(bad), "--json")
    assert answer.returncode == 1
    uploads = json.loads(answer.stdout)["uploads"]
    assert [one["status"] for one in uploads] == ["completed", "failed"]
    status = json.loads(machine.run("status", "--json").stdout)
    assert (status["completed_uploads"], status["failed_uploads"]) == (1, 1)
    assert {one["file"] for one in status["tasks"]} == {"good.mp4", "bad.mp4"}
    one = machine.run("status", uploads[0]["task"])
    assert f"server_file_id: {uploads[0]['server_file_id']}" in one.stdout
    machine.configure(**recorder.settings(api_token="hf_" + "0" * 64)["api"])
    assert machine.run("check").returncode == 4
