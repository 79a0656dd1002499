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
from pathlib import Path
from typing import Any
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


class Bucket:
    """One bucket for a test, at the server of all tests."""

    def __init__(self, endpoint: str, *, lock: bool = False, versions: bool = False) -> None:
        self.endpoint = endpoint
        self.name = f"b-{uuid4().hex[:12]}"
        self.client: Any = boto3.session.Session().client(
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
    """A way to a server that breaks when told to: after so many bytes, or wholly."""

    def __init__(self, port: int, *, certificate: Path | None = None) -> None:
        self.to = port
        self.is_cut = False
        # Bytes that one connection carries in each direction before it breaks.
        self.up_most = self.down_most = 1 << 60
        # How many connections break so before all is well again.
        self.breaks = 1 << 60
        self.broken = 0
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
            is_breaking = self.broken < self.breaks
            for source, sink, most in (
                (client, server, self.up_most if is_breaking else 1 << 60),
                (server, client, self.down_most if is_breaking else 1 << 60),
            ):
                threading.Thread(target=self._carry, args=(source, sink, most), daemon=True).start()

    def _carry(self, source: socket.socket, sink: socket.socket, most: int) -> None:
        carried = 0
        with suppress(OSError):
            while block := source.recv(65536):
                carried += len(block)
                if carried > most or self.is_cut:
                    self.broken += 1
                    break
                sink.sendall(block)
        for one in (source, sink):
            with suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
            one.close()
