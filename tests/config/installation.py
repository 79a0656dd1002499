"""A whole installation started by `manage.py up`, as a person would, on a port of its own."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psutil
import psycopg
from psycopg.conninfo import make_conninfo

from config.places import PROJECT, Places
from tests.config.waiting import wait_for
from tests.processes import arguments_of, is_alive

START_SECONDS = 90.0
RUNNING = "Holdfast is running"


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@contextmanager
def open_folder() -> Iterator[Path]:
    """A folder that the service account can reach as root; pytest's own are closed to others."""
    made = Path(tempfile.mkdtemp(prefix="holdfast-test-"))
    made.chmod(0o711)
    try:
        yield made
    finally:
        shutil.rmtree(made)


@contextmanager
def installation_in_a_folder() -> "Iterator[Installation]":
    with open_folder() as folder:
        made = Installation(folder)
        try:
            yield made
        finally:
            made.end()


class Installation:
    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.places = Places(folder / "data")
        self.port = free_port()
        self.output = folder / "up.out"
        self.up: subprocess.Popen[bytes] | None = None
        self._said_before = ""

    @property
    def is_up(self) -> bool:
        return self.up is not None and self.up.poll() is None

    def environment(self, **more: str) -> dict[str, str]:
        kept = {k: v for k, v in os.environ.items() if not k.startswith(("HOLDFAST_", "PYTEST_"))}
        return {
            **kept,
            "DATABASE_URL": "",
            "REDIS_URL": "",
            "HOLDFAST_DATA_DIR": str(self.places.data),
            "HOLDFAST_SAMPLE": "0",
            "PORT": str(self.port),
            **more,
        }

    def run(self, *arguments: str, **more: str) -> "subprocess.CompletedProcess[str]":
        """Run `manage.py` to its end."""
        return subprocess.run(
            [sys.executable, "manage.py", *arguments],
            cwd=PROJECT,
            env=self.environment(**more),
            capture_output=True,
            text=True,
            timeout=START_SECONDS,
            check=False,
        )

    def start(self, **more: str) -> float:
        """Start it and wait until it says where it is; the seconds that took."""
        started = time.monotonic()
        self._said_before = self.said_ever()
        with self.output.open("wb") as output:
            self.up = subprocess.Popen(
                [sys.executable, "manage.py", "up"],
                cwd=PROJECT,
                env=self.environment(**more),
                stdout=output,
                stderr=subprocess.STDOUT,
            )
        wait_for(self._says_running, seconds=START_SECONDS, what=f"up runs: {self.output}")
        return time.monotonic() - started

    def said(self) -> str:
        """What the last `up` has said."""
        return self.output.read_text()

    def said_ever(self) -> str:
        return self._said_before + (self.said() if self.output.exists() else "")

    def ask(self, question: str, *values: str) -> tuple[Any, ...] | None:
        """Ask its own database: to start `manage.py` for it costs a second each time."""
        where = make_conninfo(host=str(self.places.sockets), user="holdfast", dbname="holdfast")
        with psycopg.connect(where, autocommit=True) as connection:
            found = connection.execute(question.encode(), values)
            return found.fetchone() if found.description else None

    def stop(self, number: signal.Signals = signal.SIGTERM) -> float:
        """Signal `up` and wait for its end; the seconds that took."""
        assert self.up is not None
        started = time.monotonic()
        self.up.send_signal(number)
        self.up.wait(30)
        return time.monotonic() - started

    def kill_tree(self) -> None:
        """What a crash or the kernel's memory killer does, to every process at once."""
        assert self.up is not None
        doomed = [psutil.Process(self.up.pid), *self.processes()]
        for process in doomed:
            try:
                process.kill()
            except psutil.NoSuchProcess:
                pass
        self.up.wait(30)

    def processes(self) -> list[psutil.Process]:
        """Every living process of it besides `up`, found by its environment and its folder."""
        found = []
        for process in psutil.process_iter():
            try:
                if is_alive(process) and self._is_ours(process):
                    found.append(process)
            except (psutil.NoSuchProcess, psutil.AccessDenied):
                continue
        return found

    def find(self, *words: str) -> list[psutil.Process]:
        """Its processes whose command line holds the words, the oldest first."""
        found = [p for p in self.processes() if " ".join(words) in " ".join(arguments_of(p))]
        return sorted(found, key=lambda process: process.create_time())

    def end(self) -> None:
        if self.up is not None and self.up.poll() is None:
            self.kill_tree()
        wait_for(lambda: not self.processes(), seconds=15, what="nothing is left")

    def _is_ours(self, process: psutil.Process) -> bool:
        if self.up is not None and process.pid == self.up.pid:
            return False
        data = str(self.places.data)
        if process.cwd().startswith(data):
            return True
        return process.environ().get("HOLDFAST_DATA_DIR") == data

    def _says_running(self) -> bool:
        assert self.up is not None
        if self.up.poll() is not None:
            raise AssertionError(f"up ended with {self.up.returncode}:\n{self.said()}")
        return RUNNING in self.said()
