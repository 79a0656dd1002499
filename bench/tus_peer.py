"""The peer of `bench.uploads`: @tus/server with its file store, which neither hashes nor flushes.

Fetched by npm into the bench's own folder; without Node.js there is no such line in the table.
"""

import http.client
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bench.places import bench_folder

PACKAGES = ("@tus/server@2.4.5", "@tus/file-store@2.1.1")
SERVER = """
import { Server } from "@tus/server";
import { FileStore } from "@tus/file-store";
const [port, directory] = process.argv.slice(2);
new Server({ path: "/files", datastore: new FileStore({ directory }) })
  .listen({ host: "127.0.0.1", port: Number(port) });
"""


@contextmanager
def running_peer(store: Path) -> Iterator[int | None]:
    """Its port, or None where Node.js is missing."""
    node, npm = shutil.which("node"), shutil.which("npm")
    if node is None or npm is None:
        yield None
        return
    folder = bench_folder() / "tus"
    if not (folder / "node_modules").exists():
        folder.mkdir(parents=True, exist_ok=True)
        command = [npm, "install", "--silent", "--no-audit", "--no-fund", *PACKAGES]
        subprocess.run(command, cwd=folder, check=True)
    (folder / "server.mjs").write_text(SERVER)
    store.mkdir()
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = int(free.getsockname()[1])
    process = subprocess.Popen([node, "server.mjs", str(port), str(store)], cwd=folder)
    try:
        _wait_for(port)
        yield port
    finally:
        process.terminate()
        process.wait(20)


def open_upload(port: int, size: int) -> str:
    """The path that the bytes go to."""
    peer = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    peer.request("POST", "/files", headers={"Tus-Resumable": "1.0.0", "Upload-Length": str(size)})
    answer = peer.getresponse()
    answer.read()
    assert answer.status == 201, answer.status
    return "/files/" + answer.headers["Location"].rpartition("/")[2]


def drop_upload(port: int, path: str) -> None:
    peer = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    peer.request("DELETE", path, headers={"Tus-Resumable": "1.0.0"})
    peer.getresponse().read()


def _wait_for(port: int) -> None:
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
            return
        except OSError:
            time.sleep(0.1)
    raise SystemExit("@tus/server does not answer.")
