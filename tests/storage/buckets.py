"""A real S3 server as a process of its own, and a wire to it that can be cut."""

import os
import signal
import socket
import ssl
import subprocess
import sys
import threading
from contextlib import suppress
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit
from uuid import uuid4

import boto3
from botocore.config import Config

from access.models import Company
from machine.lifeline import die_with_parent
from storage.models import StorageTarget
from storage.s3_options import checked_options
from tests.config.installation import free_port
from tests.config.waiting import wait_for

KEY_ID, SECRET = "AKIDHOLDFASTTEST", "s3cr3t-of-the-t3sts"
# A session reads megabytes of descriptions of S3 before its first client.
SESSION = boto3.session.Session()


class Bucket:
    """One bucket for a test, at the server of all tests."""

    def __init__(self, endpoint: str, *, lock: bool = False, versions: bool = False) -> None:
        self.endpoint = endpoint
        self.name = f"b-{uuid4().hex[:12]}"
        self.client: Any = SESSION.client(
            "s3",
            endpoint_url=endpoint,
            region_name="us-east-1",
            aws_access_key_id=KEY_ID,
            aws_secret_access_key=SECRET,
            config=Config(s3={"addressing_style": "path"}),
        )
        self.client.create_bucket(Bucket=self.name, ObjectLockEnabledForBucket=lock)
        if versions:
            self.client.put_bucket_versioning(
                Bucket=self.name, VersioningConfiguration={"Status": "Enabled"}
            )

    def options(self, **more: Any) -> dict[str, Any]:
        found = {
            "endpoint": self.endpoint,
            "bucket": self.name,
            "prefix": "holdfast",
            "access_key": KEY_ID,
            "path_style": True,
            # Many parts of few bytes.
            "part_mb": 5,
        }
        return checked_options({**found, **more})

    def target(self, **more: Any) -> StorageTarget:
        """Unsaved: bytes need no row."""
        target = StorageTarget(name="bucket", kind="s3", options=self.options(**more))
        target.company = Company(pk=1)
        target.secret = SECRET
        return target

    def names(self) -> list[str]:
        found = self.client.list_objects_v2(Bucket=self.name).get("Contents", [])
        return [one["Key"].removeprefix("holdfast/") for one in found]

    def versions(self) -> int:
        found = self.client.list_object_versions(Bucket=self.name)
        return len(found.get("Versions", [])) + len(found.get("DeleteMarkers", []))

    def uploads(self) -> list[str]:
        found = self.client.list_multipart_uploads(Bucket=self.name).get("Uploads", [])
        return [one["Key"].removeprefix("holdfast/") for one in found]

    def body(self, key: str) -> bytes:
        found: bytes = self.client.get_object(Bucket=self.name, Key=f"holdfast/{key}")[
            "Body"
        ].read()
        return found

    def put(self, key: str, body: bytes) -> None:
        self.client.put_object(Bucket=self.name, Key=f"holdfast/{key}", Body=body)


class Server:
    def __init__(self) -> None:
        self.port = free_port()
        self.endpoint = f"http://127.0.0.1:{self.port}"
        code = "import sys; from moto.server import main; main(sys.argv[1:])"
        self.process = subprocess.Popen(
            [sys.executable, "-c", code, "-H", "127.0.0.1", "-p", str(self.port)],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            env={"PATH": os.environ["PATH"], "HOME": "/nonexistent"},
            preexec_fn=partial(die_with_parent, os.getpid(), signal.SIGKILL),
        )
        wait_for(self._answers, seconds=60, what="the S3 server")

    def _answers(self) -> bool:
        try:
            socket.create_connection(("127.0.0.1", self.port), 1).close()
        except OSError:
            return False
        return True

    def stop(self) -> None:
        self.process.kill()
        self.process.wait()


class Wire:
    """A way to a server that breaks when told to."""

    def __init__(self, port: int, *, certificate: Path | None = None) -> None:
        self.to = port
        self.is_cut = False
        # Answers that are lost on their way, with the connection.
        self.swallow = 0
        # After how many bytes of answers a connection breaks, and how many of them do.
        self.down_most = 0
        self.breaks = 0
        self._context: ssl.SSLContext | None = None
        if certificate is not None:
            self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            self._context.load_cert_chain(certificate)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        scheme = "https" if certificate else "http"
        self.endpoint = f"{scheme}://127.0.0.1:{self.port}"
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        self._listener.close()

    def _accept(self) -> None:
        while True:
            try:
                client, _address = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client: socket.socket) -> None:
        with suppress(OSError):
            if self._context is not None:
                client = self._context.wrap_socket(client, server_side=True)
            if self.is_cut:
                client.close()
                return
            server = socket.create_connection(("127.0.0.1", self.to))
            for way in ((client, server, False), (server, client, True)):
                threading.Thread(target=self._carry, args=way, daemon=True).start()

    def _carry(self, source: socket.socket, sink: socket.socket, is_answer: bool) -> None:
        carried = 0
        with suppress(OSError):
            while block := source.recv(65536):
                carried += len(block)
                if self.is_cut or (is_answer and self._breaks_now(carried)):
                    break
                sink.sendall(block)
        for one in (source, sink):
            with suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
            one.close()

    def _breaks_now(self, carried: int) -> bool:
        if self.swallow:
            self.swallow -= 1
            return True
        if self.breaks and carried > self.down_most:
            self.breaks -= 1
            return True
        return False


class Refusing:
    """An S3 server that says no: to everything, or to the parts of an upload from one on."""

    def __init__(self, status: int, code: str, *, from_part: int = 0, **headers: str) -> None:
        self.status, self.code = status, code
        self.from_part = from_part
        self.headers = headers
        self.aborted = 0
        handler = type("Handler", (_Refusing,), {"what": self})
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        self.endpoint = f"http://127.0.0.1:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()

    def target(self) -> StorageTarget:
        options = {"endpoint": self.endpoint, "bucket": "there", "access_key": KEY_ID}
        target = StorageTarget(name="no", kind="s3", company=Company(pk=1))
        target.options = checked_options({**options, "path_style": True, "part_mb": 5})
        target.secret = SECRET
        return target


class _Refusing(BaseHTTPRequestHandler):
    what: Refusing
    protocol_version = "HTTP/1.1"

    def _answer(self) -> None:
        left = int(self.headers.get("Content-Length") or 0)
        while left > 0:
            left -= len(self.rfile.read(min(left, 1 << 20)))
        query = parse_qs(urlsplit(self.path).query, keep_blank_values=True)
        part = int(query.get("partNumber", ["0"])[0])
        what = self.what
        if self.command == "HEAD":
            self._say(404 if what.from_part else what.status, b"")
        elif self.command == "DELETE":
            what.aborted += 1
            self._say(204, b"")
        elif what.from_part and "uploads" in query:
            begun = b"<InitiateMultipartUploadResult><UploadId>u1</UploadId>"
            self._say(200, begun + b"</InitiateMultipartUploadResult>")
        elif what.from_part and part < what.from_part:
            self._say(200, b"")
        else:
            said = f"<Error><Code>{what.code}</Code><Message>no: {SECRET}</Message></Error>"
            self._say(what.status, said.encode())

    do_GET = do_PUT = do_POST = do_HEAD = do_DELETE = _answer

    def _say(self, status: int, body: bytes) -> None:
        self.send_response(status)
        for name, value in self.what.headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.send_header("ETag", '"e"')
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_arguments: Any) -> None:
        """Nothing of it is of interest."""
