"""A body that is sent in pieces, by hand: to be cut, held, or sent on later."""

import socket
import time
from urllib.parse import urlsplit

from tests.uploads.sending import Sender


class HeldRequest:
    """A request whose body the test sends as it likes."""

    def __init__(
        self, sender: Sender, method: str, url: str, *, length: int, headers: dict[str, str]
    ) -> None:
        parts = urlsplit(url)
        self.socket = socket.create_connection((parts.hostname or "", parts.port or 80), 30)
        lines = [
            f"{method} {parts.path} HTTP/1.1",
            f"Host: {parts.netloc}",
            f"Authorization: Bearer {sender.token}",
            f"Content-Length: {length}",
            *(f"{name}: {value}" for name, value in headers.items()),
        ]
        self.socket.sendall("\r\n".join([*lines, "", ""]).encode())

    def send(self, body: bytes) -> None:
        self.socket.sendall(body)

    def cut(self) -> None:
        """The line is gone, without a word."""
        self.socket.close()

    def status(self, *, within: float = 15) -> int:
        self.socket.settimeout(within)
        said = b""
        end = time.monotonic() + within
        while b"\r\n" not in said and time.monotonic() < end:
            more = self.socket.recv(4096)
            if not more:
                break
            said += more
        return int(said.split(b" ")[1]) if said else 0


def held_patch(sender: Sender, url: str, offset: int, length: int) -> HeldRequest:
    headers = {
        "Tus-Resumable": "1.0.0",
        "Upload-Offset": str(offset),
        "Content-Type": "application/offset+octet-stream",
    }
    return HeldRequest(sender, "PATCH", url, length=length, headers=headers)
