"""A real web server process on the database of the test run (see `tests.served`)."""

import http.client
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.conf import settings

from config.places import PROJECT
from config.processes.programs import SOCKETS
from tests.config.installation import free_port
from tests.config.waiting import wait_for
from tests.running import own_database_url

# Its pages may call the server.
OTHER_SITE = "https://status.example.org"


class WebServer:
    """It can be stopped and started again under the same address."""

    def __init__(self, **environment: str) -> None:
        self.port = free_port()
        self.environment = environment
        self.folder = tempfile.TemporaryDirectory(prefix="holdfast-web-")
        self.log = Path(self.folder.name) / "web.log"
        self.process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def sockets(self) -> str:
        return f"ws://127.0.0.1:{self.port}"

    def start(self) -> None:
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [
                    *(sys.executable, "-m", "uvicorn", "tests.served:application"),
                    *("--host", "127.0.0.1", "--port", str(self.port)),
                    *("--timeout-graceful-shutdown", "10", "--no-access-log"),
                    *SOCKETS,
                ],
                cwd=PROJECT,
                env={
                    **os.environ,
                    "DATABASE_URL": own_database_url(),
                    "REDIS_URL": settings.REDIS_URL,
                    "HOLDFAST_DATABASE_POOL": "12",
                    "HOLDFAST_CORS_ORIGINS": OTHER_SITE,
                    **self.environment,
                },
                stdout=log,
                stderr=subprocess.STDOUT,
            )
        wait_for(self._answers, seconds=60, what=f"the web server answers: {self.log}")

    def stop(self) -> None:
        if self.process is not None:
            self.process.terminate()
            try:
                self.process.wait(15)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait(10)
            self.process = None

    def said(self) -> str:
        return self.log.read_text()

    def _answers(self) -> bool:
        assert self.process is not None
        if self.process.poll() is not None:
            raise AssertionError(f"The web server ended:\n{self.said()}")
        peer = http.client.HTTPConnection("127.0.0.1", self.port, timeout=5)
        try:
            peer.request("GET", "/api/health/live")
            return peer.getresponse().status == 200
        except OSError:
            return False
        finally:
            peer.close()


@pytest.fixture(scope="session")
def web_server(django_db_setup: None) -> Iterator[WebServer]:
    """One for all tests of a process; what it serves is in the database."""
    server = WebServer()
    server.start()
    yield server
    server.stop()
    server.folder.cleanup()
