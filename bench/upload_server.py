"""The web server of `bench.uploads`: started, watched by the kernel's own counts, ended."""

import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

from bench.installation import PROJECT


class Server:
    """Its memory and writes are read from /proc."""

    def __init__(self) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = int(free.getsockname()[1])
        self._process = subprocess.Popen(
            [
                *(sys.executable, "-m", "uvicorn", "config.asgi:application"),
                *("--port", str(self.port), "--no-access-log", "--log-level", "warning"),
            ],
            cwd=PROJECT,
        )

    def __enter__(self) -> "Server":
        while True:
            try:
                urllib.request.urlopen(f"http://127.0.0.1:{self.port}/api/health/live", timeout=5)
                return self
            except (urllib.error.URLError, OSError):
                assert self._process.poll() is None
                time.sleep(0.1)

    def __exit__(self, *_exc: object) -> None:
        self._process.terminate()
        self._process.wait(20)

    def make_sender(self, place: Path) -> str:
        """A company with a storage and an agent; its token."""
        import django

        django.setup()
        from access.models import Company
        from access.policy import System
        from access.services import create_agent
        from storage.models import StorageTarget

        company = Company.objects.create(name="Bench")
        options = {"folder": str(place / "vault")}
        StorageTarget.objects.create(
            company=company, name="vault", options=options, is_default=True
        )
        _agent, token = create_agent(name="bench", company=company, actor=System("bench"))
        return token

    def peak(self) -> float:
        """In MiB, since `forget_peak`."""
        for line in self._proc("status").read_text().splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) / 1024
        raise AssertionError("the kernel tells no VmHWM")

    def forget_peak(self) -> None:
        self._proc("clear_refs").write_text("5")

    def written(self) -> int:
        """In bytes, to files: what the kernel was given, not what it has on disk yet."""
        for line in self._proc("io").read_text().splitlines():
            if line.startswith("write_bytes:"):
                return int(line.split()[1])
        raise AssertionError("the kernel tells no write_bytes")

    def _proc(self, name: str) -> Path:
        return Path(f"/proc/{self._process.pid}") / name
