"""`python -m bench.uploads`: a GiB by one and by four clients, hashed and flushed.

An installation of its own, with its PostgreSQL, Redis and web server; clients are processes that
send a file by PUT. Beside it the bare disk: the same bytes written and flushed by one process,
and hashed. Memory is the web server's highest (VmHWM), written what the kernel counts for it.
"""

import hashlib
import http.client
import json
import os
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path

from bench.installation import own_installation

SIZE = 1 << 30
BLOCK = 1 << 20
ROUNDS = 3
MOST_MEMORY_MIB = 150
CLIENT = """
import http.client, os, socket, sys
port, path, token, file = int(sys.argv[1]), sys.argv[2], sys.argv[3], sys.argv[4]
size = os.path.getsize(file)
peer = http.client.HTTPConnection("127.0.0.1", port, timeout=300)
peer.putrequest("PUT", path)
peer.putheader("Authorization", "Bearer " + token)
peer.putheader("Content-Length", str(size))
peer.endheaders()
with open(file, "rb") as body:
    peer.sock.sendfile(body)
answer = peer.getresponse()
assert answer.status == 200, answer.read()
"""


def main() -> None:
    settings = {"HOLDFAST_DATABASE_POOL": "12", "HOLDFAST_UPLOADS_OPEN": "1000"}
    with own_installation(settings) as place, ExitStack() as ends:
        from bench.upload_server import Server

        server = ends.enter_context(Server())
        token = server.make_sender(place)
        body = place / "body"
        _fill(body)
        print("| what | clients | s | MiB/s | peak MiB | written ÷ sent |")
        print("| --- | ---: | ---: | ---: | ---: | ---: |")
        _show("bare: written and flushed", 1, [_bare(body, place / "bare") for _ in range(ROUNDS)])
        _show("bare: sha256 alone", 1, [_hash(body) for _ in range(ROUNDS)])
        for clients in (1, 4, 20):
            size = SIZE if clients < 20 else SIZE // 16
            server.forget_peak()
            before = server.written()
            with body.open("r+b") as file:
                file.truncate(size)
            rounds = 1 if clients == 20 else ROUNDS
            took = [_send(server.port, token, body, clients, size) for _ in range(rounds)]
            share = (server.written() - before) / (rounds * clients * size)
            _show("Holdfast", clients, took, size=size, peak=server.peak(), share=share)


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


def _send(port: int, token: str, body: Path, clients: int, size: int) -> float:
    """From the first request to the last answer; what was sent is dropped again."""
    paths = [_open(port, token, size) for _ in range(clients)]
    began = time.monotonic()
    with ThreadPoolExecutor(clients) as pool:
        list(pool.map(lambda path: _client(port, path, token, body), paths))
    took = time.monotonic() - began
    for path in paths:
        _ask(port, token, "DELETE", path)
    return took


def _client(port: int, path: str, token: str, body: Path) -> None:
    command = [sys.executable, "-c", CLIENT, str(port), path, token, str(body)]
    subprocess.run(command, check=True)


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
