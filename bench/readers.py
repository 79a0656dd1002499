"""`python -m bench.readers`: what a stalled reader costs a worker that writes progress.

An installation of its own, with its PostgreSQL, Redis and web server. A writer makes rounds of
progress writes as fast as it can, by turns with nobody listening, with an event stream that is
never read, and with one that is; the ratio of the medians is printed, for each reader.
"""

import os
import socket
import statistics
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from bench.installation import PROJECT, own_installation

if TYPE_CHECKING:
    from monitoring.files.claims import Claim

ROUNDS = 9
SECONDS = 1.0
# A reader's first answer and the hub's awakening are not what is measured.
SETTLE_SECONDS = 0.5
BAR = 0.95


def main() -> None:
    with own_installation(), _web_server() as port:
        _measure(port)


def _measure(port: int) -> None:
    claim, token = _furnish()
    readers = {"none": _nobody, "stalled": _stalled, "reading": _reading}
    rates: dict[str, list[float]] = {name: [] for name in readers}
    _rate(claim)
    for _ in range(ROUNDS):
        for name, reader in readers.items():
            with reader(port, str(claim.file_id), token):
                time.sleep(SETTLE_SECONDS)
                rates[name].append(_rate(claim))
    medians = {name: statistics.median(found) for name, found in rates.items()}
    print(f"Progress writes a second, the median of {ROUNDS} rounds of {SECONDS:g} s by turns:\n")
    print("| reader | writes/s | min to max | ÷ none |\n| --- | ---: | ---: | ---: |")
    for name, found in rates.items():
        ratio = medians[name] / medians["none"]
        print(
            f"| {name} | {medians[name]:.0f} | {min(found):.0f} to {max(found):.0f} | {ratio:.3f} |"
        )
    held = medians["stalled"] / medians["none"] >= BAR
    print(f"\nThe bar of {BAR} for a stalled reader is {'held' if held else 'missed'}.")


def _rate(claim: "Claim") -> float:
    from monitoring.files.journal import Journal
    from monitoring.files.services import record_progress

    journal, done = Journal(), 0
    started = time.monotonic()
    while time.monotonic() - started < SECONDS:
        done += 1
        record_progress(
            claim=claim, key="dump", journal=journal, bytes_done=done, bytes_total=10**9
        )
    return done / (time.monotonic() - started)


def _furnish() -> "tuple[Claim, str]":
    from django.db import transaction

    from access.models import Company, User
    from access.policy import System
    from access.tokens import create_token
    from monitoring.files import claims
    from monitoring.files.journal import Journal
    from monitoring.files.services import enter_stage, open_file

    company = Company.objects.create(name="Bench")
    user = User.objects.create_superuser("bench")
    token = create_token(user=user, name="bench", actor=System("bench"))
    file = open_file(
        kind="backup", company=company, name="bench", original_path="", origin="database"
    )
    with transaction.atomic():
        claim = claims.claim(file_id=file.pk)
    assert claim is not None
    enter_stage(claim=claim, key="dump", journal=Journal(), bytes_total=10**9)
    return claim, token


@contextmanager
def _nobody(_port: int, _file: str, _token: str) -> Iterator[None]:
    yield


@contextmanager
def _stalled(port: int, file: str, token: str) -> Iterator[None]:
    """Opens the stream and never reads a byte of it."""
    with socket.socket() as peer:
        peer.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)
        peer.connect(("127.0.0.1", port))
        peer.sendall(
            f"GET /downloads/{file}/stream HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n"
            f"Authorization: Bearer {token}\r\n\r\n".encode()
        )
        yield


@contextmanager
def _reading(port: int, file: str, token: str) -> Iterator[None]:
    """A program of its own that reads all there is, as a browser elsewhere would."""
    url = f"http://127.0.0.1:{port}/downloads/{file}/stream"
    read = (
        "import sys, urllib.request as u; r = u.urlopen(u.Request(sys.argv[1],"
        " headers={'Authorization': 'Bearer ' + sys.stdin.readline().strip()}))\n"
        "for line in r: pass"
    )
    with subprocess.Popen(
        [sys.executable, "-c", read, url], stdin=subprocess.PIPE, stderr=subprocess.DEVNULL
    ) as peer:
        assert peer.stdin is not None
        peer.stdin.write(f"{token}\n".encode())
        peer.stdin.flush()
        try:
            yield
        finally:
            peer.kill()


@contextmanager
def _web_server() -> Iterator[int]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    server = subprocess.Popen(
        [
            *(sys.executable, "-m", "uvicorn", "config.asgi:application", "--no-access-log"),
            *("--port", str(port), "--log-level", "error", "--timeout-graceful-shutdown", "1"),
        ],
        cwd=PROJECT,
        env={**os.environ, "HOLDFAST_DATABASE_POOL": "12"},
    )
    try:
        _wait_for(port)
        yield port
    finally:
        server.terminate()
        server.wait(10)


def _wait_for(port: int) -> None:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/api/health/live", timeout=5):
                return
        except OSError:
            time.sleep(0.1)
    raise SystemExit("The web server does not answer.")


if __name__ == "__main__":
    main()
