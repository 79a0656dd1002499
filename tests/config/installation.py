"""A whole installation started by `manage.py up`, as a person would, on a port of its own."""

import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import psutil

from config.places import PROJECT, Places
from tests.config.waiting import wait_for

START_SECONDS = 90.0
RUNNING = "Holdfast is running"


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


class Installation:
    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.places = Places(folder / "data")
        self.port = free_port()
        self.output = folder / "up.out"
        self.up: subprocess.Popen[bytes] | None = None

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
        return self.output.read_text()

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
                if process.status() != psutil.STATUS_ZOMBIE and self._is_ours(process):
                    found.append(process)
            except (psutil.NoSuchProcess, psutil.AccessDenied):
                continue
        return found

    def find(self, *words: str) -> list[psutil.Process]:
        """Its processes whose command line holds the words, the oldest first."""
        found = [p for p in self.processes() if " ".join(words) in _command_line(p)]
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


def _command_line(process: psutil.Process) -> str:
    try:
        return " ".join(process.cmdline())
    except psutil.NoSuchProcess:  # also a zombie by now
        return ""
