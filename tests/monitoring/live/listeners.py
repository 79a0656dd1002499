"""Clients of the live protocol, as small as a program of a stranger: a socket, an event stream."""

import contextlib
import http.client
import json
from typing import Any

from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect

from tests.config.waiting import busyness

Message = dict[str, Any]


def patience() -> float:
    """Seconds, where nothing is said of how soon it has to come."""
    return 15 * busyness()


class Socket:
    def __init__(self, url: str, headers: dict[str, str]) -> None:
        self._until_closed = contextlib.ExitStack()
        self.connection = self._until_closed.enter_context(
            connect(url, additional_headers=headers, proxy=None)
        )

    def next(self, seconds: float | None = None) -> Message:
        """Raises TimeoutError, ConnectionClosed."""
        message: Message = json.loads(self.connection.recv(timeout=seconds or patience()))
        return message

    def until(self, kind: str, **data: Any) -> Message:
        """The next message of this type whose data has these values; the others are passed."""
        while True:
            message = self.next()
            inner = message.get("data", {})
            if message["type"] == kind and all(inner.get(k) == v for k, v in data.items()):
                return message

    def until_error(self, seconds: float) -> str:
        while True:
            message = self.next(seconds)
            if message["type"] == "error":
                return str(message["code"])

    def close_code(self) -> int | None:
        """Read to the close; its code."""
        try:
            while True:
                self.connection.recv(timeout=patience())
        except ConnectionClosed as closed:
            return closed.rcvd.code if closed.rcvd else None

    def close(self) -> None:
        self._until_closed.close()


class EventStream:
    def __init__(self, port: int, path: str, headers: dict[str, str]) -> None:
        self.peer = http.client.HTTPConnection("127.0.0.1", port, timeout=patience())
        self.peer.request("GET", path, headers=headers)
        self.response = self.peer.getresponse()
        self.status = self.response.status
        self.last_id = ""
        self.comments = 0

    def header(self, name: str) -> str | None:
        return self.response.headers.get(name)

    def body(self) -> Any:
        return json.loads(self.response.read())

    def next(self) -> Message | None:
        """The next event; None at the end of the stream."""
        data = ""
        while True:
            line = self.response.readline().decode()
            if not line:
                return None
            if line.startswith(":"):
                self.comments += 1
            elif line.startswith("id: "):
                self.last_id = line[4:].strip()
            elif line.startswith("data: "):
                data += line[6:]
            elif line == "\n" and data:
                message: Message = json.loads(data)
                return message

    def until(self, kind: str, **fields: Any) -> Message:
        while True:
            message = self.next()
            assert message is not None, f"The stream ended before {kind}."
            if message["type"] == kind and all(message.get(k) == v for k, v in fields.items()):
                return message

    def close(self) -> None:
        with contextlib.suppress(OSError):
            self.response.close()
            self.peer.close()
