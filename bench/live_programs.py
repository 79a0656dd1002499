"""The programs of `bench.live`: two servers, and the readers of each, apart from the writer."""

import argparse
import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bench.installation import PROJECT
from config.processes.programs import SOCKETS

if TYPE_CHECKING:
    from monitoring.files.claims import Claim

WARM = 20
TICKS = os.sysconf("SC_CLK_TCK")
APPS = {"ours": "config.asgi:application", "channels": "bench.live_groups:application"}


@dataclass
class Server:
    port: int
    process: "subprocess.Popen[bytes]"

    def cpu(self) -> float:
        return cpu_of(self.process.pid)

    def memory(self) -> int:
        """Bytes of its own, without what it shares (proc_pid_smaps_rollup)."""
        lines = Path(f"/proc/{self.process.pid}/smaps_rollup").read_text().splitlines()
        return sum(int(line.split()[1]) * 1024 for line in lines if line.startswith("Private_"))


def cpu_of(pid: int) -> float:
    """Seconds, with those of its children that have ended (proc_pid_stat)."""
    return sum(map(int, _stat(pid)[13:17])) / TICKS


def cpu_of_services() -> dict[str, float]:
    """Seconds of PostgreSQL with all that it started, and of Redis: both are our children."""
    parents: dict[int, tuple[int, str]] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                words = _stat(int(entry.name))
            except OSError:
                continue
            parents[int(entry.name)] = int(words[3]), words[1]
    found = dict.fromkeys(("postgres", "redis-server"), 0.0)
    for pid, (parent, name) in parents.items():
        top = parent if name == "postgres" and parents.get(parent, (0, ""))[1] == name else pid
        if name in found and parents[top][0] == os.getpid():
            found[name] += cpu_of(pid)
    return found


def _stat(pid: int) -> list[str]:
    """Its words, the name without brackets (proc_pid_stat)."""
    before, _, after = Path(f"/proc/{pid}/stat").read_text().rpartition(")")
    number, _, name = before.partition(" (")
    return [number, name, *after.split()]


class Readers:
    def __init__(self, processes: "list[subprocess.Popen[str]]", sockets: int) -> None:
        self.processes = processes
        self.sockets = sockets

    def connect_more(self) -> None:
        """The next part of them: a few sockets, all sockets, all streams."""
        self._say("more")
        self.wait()

    def wait(self) -> None:
        for process in self.processes:
            assert process.stdout is not None
            said = process.stdout.readline().strip()
            if said != "ready":
                raise SystemExit(f"The readers did not connect: {said}")
        time.sleep(1)

    def _say(self, word: str) -> None:
        for process in self.processes:
            assert process.stdin is not None
            process.stdin.write(f"{word}\n")
            process.stdin.flush()

    def reset(self) -> None:
        """What has arrived so far is not counted."""
        self._say("reset")
        time.sleep(0.5)

    def stop(self) -> dict[str, Any]:
        told = []
        for process in self.processes:
            said, _ = process.communicate("stop\n", timeout=60)
            told.append(json.loads(said.splitlines()[-1]))
        return {
            **{
                key: sum(each[key] for each in told)
                for key in ("readers", "deliveries", "unended", "disordered")
            },
            "seen": [tuple(one) for each in told for one in each["seen"]],
        }


@contextmanager
def running_readers(
    app: str,
    servers: list[Server],
    claims: "list[Claim]",
    token: str,
    options: argparse.Namespace,
) -> Iterator[Readers]:
    """One program for each server, with half of the readers."""
    processes = []
    # A group has sockets alone: there, all readers are.
    streams = options.streams if app == "ours" else 0
    sockets = options.sockets + options.streams - streams
    for number, server in enumerate(servers):
        asked = {
            "port": server.port,
            "token": token,
            "files": [str(claim.file_id) for claim in claims],
            "sockets": sockets // 2,
            "streams": streams // 2,
            "warm": WARM,
            "shift": number,
        }
        process = subprocess.Popen(
            [sys.executable, "-m", "bench.live_reading"],
            cwd=PROJECT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert process.stdin is not None
        process.stdin.write(json.dumps(asked) + "\n")
        process.stdin.flush()
        processes.append(process)
    try:
        readers = Readers(processes, sockets)
        readers.wait()
        yield readers
    finally:
        for process in processes:
            process.kill()
            process.wait()


@contextmanager
def running_server(app: str) -> Iterator[Server]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    process = subprocess.Popen(
        [
            *(sys.executable, "-m", "uvicorn", APPS[app], "--no-access-log"),
            *("--port", str(port), "--log-level", "error", "--timeout-graceful-shutdown", "1"),
            *(SOCKETS if app == "ours" else ("--ws-per-message-deflate", "false")),
        ],
        cwd=PROJECT,
        env={**os.environ, "HOLDFAST_DATABASE_POOL": "12"},
    )
    try:
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            try:
                socket.create_connection(("127.0.0.1", port), 1).close()
                break
            except OSError:
                time.sleep(0.1)
        yield Server(port, process)
    finally:
        process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
