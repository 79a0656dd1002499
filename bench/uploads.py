"""`python -m bench.uploads`: a GiB by one and by four clients, hashed and flushed.

An installation of its own, with its PostgreSQL, Redis and web server; clients are processes that
send a file by one request. By turns with it @tus/server, on the same disk, without hash and flush;
before them the bare disk: the same bytes written and flushed by one process, and hashed. Memory
is the web server's highest (VmHWM), written what the kernel counts for it.
"""

import hashlib
import http.client
import json
import os
import statistics
import subprocess
import sys
import time
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

from bench.installation import own_installation
from bench.tus_peer import drop_upload, open_upload, running_peer

if TYPE_CHECKING:
    from bench.upload_server import Server

SIZE = 1 << 30
BLOCK = 1 << 20
ROUNDS = 3
MOST_MEMORY_MIB = 150
BAR = 1.0
CLIENT = """
import http.client, os, socket, sys
port, method, path, token, file = int(sys.argv[1]), *sys.argv[2:]
size = os.path.getsize(file)
peer = http.client.HTTPConnection("127.0.0.1", port, timeout=300)
peer.putrequest(method, path)
peer.putheader("Authorization", "Bearer " + token)
peer.putheader("Content-Length", str(size))
if method == "PATCH":
    peer.putheader("Tus-Resumable", "1.0.0")
    peer.putheader("Upload-Offset", "0")
    peer.putheader("Content-Type", "application/offset+octet-stream")
peer.endheaders()
with open(file, "rb") as body:
    peer.sock.sendfile(body)
answer = peer.getresponse()
assert answer.status in (200, 204), answer.read()
"""


def main() -> None:
    settings = {"HOLDFAST_DATABASE_POOL": "12", "HOLDFAST_UPLOADS_OPEN": "1000"}
    with own_installation(settings) as place, ExitStack() as ends:
        from bench.upload_server import Server

        server = ends.enter_context(Server())
        peer = ends.enter_context(running_peer(place / "peer"))
        token = server.make_sender(place)
        body = place / "body"
        _fill(body)
        print("| what | clients | s | MiB/s | peak MiB | written ÷ sent |")
        print("| --- | ---: | ---: | ---: | ---: | ---: |")
        _show("bare: written and flushed", 1, [_bare(body, place / "bare") for _ in range(ROUNDS)])
        _show("bare: sha256 alone", 1, [_hash(body) for _ in range(ROUNDS)])
        ratios = {clients: _compare(server, peer, token, body, clients) for clients in (1, 4, 20)}
        if peer is not None:
            told = ", ".join(f"{clients}: {ratio:.2f}" for clients, ratio in ratios.items())
            print(f"\nThroughput ÷ @tus/server's, by clients: {told} (bar for one: {BAR})")


def _compare(server: "Server", peer: int | None, token: str, body: Path, clients: int) -> float:
    """By turns; how many times as fast as the peer, by the medians."""
    size = SIZE if clients < 20 else SIZE // 16
    os.truncate(body, size)
    server.forget_peak()
    before = server.written()
    ours, theirs = [], []
    rounds = 1 if clients == 20 else ROUNDS
    for _ in range(rounds):
        ours.append(_send(server.port, token, body, clients))
        if peer is not None:
            theirs.append(_send_to_peer(peer, body, clients))
    share = (server.written() - before) / (rounds * clients * size)
    _show("Holdfast", clients, ours, size=size, peak=server.peak(), share=share)
    if theirs:
        _show("@tus/server", clients, theirs, size=size)
    return statistics.median(theirs or [0.0]) / statistics.median(ours)


def _fill(path: Path) -> None:
    with path.open("wb") as file:
        for _ in range(SIZE // BLOCK):
            file.write(os.urandom(BLOCK))


def _bare(body: Path, copy: Path) -> float:
    began = time.monotonic()
    with body.open("rb") as source, copy.open("wb") as file:
        while block := source.read(BLOCK):
            file.write(block)
        file.flush()
        os.fsync(file.fileno())
    took = time.monotonic() - began
    copy.unlink()
    return took


def _hash(body: Path) -> float:
    began = time.monotonic()
    with body.open("rb") as file:
        hashlib.file_digest(file, "sha256")
    return time.monotonic() - began


def _send(port: int, token: str, body: Path, clients: int) -> float:
    """From the first request to the last answer; what was sent is dropped again."""
    paths = [_open(port, token, body.stat().st_size) for _ in range(clients)]
    took = _run_clients(port, "PUT", paths, token, body)
    for path in paths:
        _ask(port, token, "DELETE", path)
    return took


def _send_to_peer(port: int, body: Path, clients: int) -> float:
    paths = [open_upload(port, body.stat().st_size) for _ in range(clients)]
    took = _run_clients(port, "PATCH", paths, "", body)
    for path in paths:
        drop_upload(port, path)
    return took


def _run_clients(port: int, method: str, paths: list[str], token: str, body: Path) -> float:
    began = time.monotonic()
    commands = [
        [sys.executable, "-c", CLIENT, str(port), method, path, token, str(body)] for path in paths
    ]
    running = [subprocess.Popen(command) for command in commands]
    codes = [process.wait() for process in running]
    if any(codes):
        raise SystemExit("A client failed.")
    return time.monotonic() - began


def _open(port: int, token: str, size: int) -> str:
    answer = _ask(port, token, "POST", "/api/uploads/create-session", {"file_size": size})
    return f"/upload/video/{answer['session_id']}"


def _ask(
    port: int, token: str, method: str, path: str, body: dict[str, int] | None = None
) -> dict[str, str]:
    peer = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
    peer.request(method, path, json.dumps(body) if body else None, headers)
    answer = peer.getresponse()
    said = answer.read()
    assert answer.status < 300, said
    return dict(json.loads(said)) if said else {}


def _show(
    what: str,
    clients: int,
    took: list[float],
    *,
    size: int = SIZE,
    peak: float | None = None,
    share: float | None = None,
) -> None:
    median = sorted(took)[len(took) // 2]
    rate = clients * size / median / (1 << 20)
    memory = "" if peak is None else f"{peak:.0f}"
    written = "" if share is None else f"{share:.2f}"
    print(f"| {what} | {clients} | {median:.2f} | {rate:.0f} | {memory} | {written} |", flush=True)
    if peak is not None and peak > MOST_MEMORY_MIB:
        print(f"\nThe bar of {MOST_MEMORY_MIB} MiB is missed.\n")


if __name__ == "__main__":
    main()
