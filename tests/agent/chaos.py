"""A bad line before a real server: cut after N bytes, stalled, reset, or sent twice.

Each connection takes the next of the faults with its first byte, or when there are some again;
while there are none, the line is good.
"""

import re
import selectors
import socket
import struct
import threading
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from urllib.parse import urlsplit

BLOCK = 16 << 10
STALLED_AT_MOST = 60


@dataclass(frozen=True)
class Fault:
    """What befalls a connection after `after` bytes of it, counted towards the server.

    `cut` closes both sides; `reset` does so with RST; `stall` takes no byte more for `seconds`,
    and cuts then; `answer` lets the request through and loses what is answered; `twice` sends its
    first `after` bytes once more, on a connection of its own; `says` reads a request, and answers
    `said` in the server's stead.
    """

    kind: str
    after: int = 0
    seconds: float = STALLED_AT_MOST
    said: bytes = b""


GOOD = Fault("none")


class ChaosProxy:
    def __init__(self, target: str, faults: Iterable[Fault] = ()) -> None:
        parts = urlsplit(target)
        self._target = (parts.hostname or "", parts.port or 80)
        self._faults = list(faults)
        self._lock = threading.Lock()
        self._ended = threading.Event()
        self.met: list[str] = []
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._thread = threading.Thread(target=self._accept, daemon=True)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._listener.getsockname()[1]}"

    def befall(self, *faults: Fault) -> None:
        """The next connections to send something; also those that are open, and were good."""
        with self._lock:
            self._faults = list(faults)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._ended.set()
        self._listener.close()
        self._thread.join(5)

    def _accept(self) -> None:
        self._listener.settimeout(0.2)
        while not self._ended.is_set():
            try:
                peer, _address = self._listener.accept()
            except TimeoutError:
                continue
            except OSError:
                return
            threading.Thread(target=self._carry, args=(peer,), daemon=True).start()

    def _carry(self, peer: socket.socket) -> None:
        try:
            server = socket.create_connection(self._target, 10)
        except OSError:
            peer.close()
            return
        with peer, server:
            _Line(peer, server, self).run()

    def next_fault(self) -> Fault | None:
        with self._lock:
            return self._faults.pop(0) if self._faults else None

    def meet(self, fault: Fault) -> None:
        with self._lock:
            self.met.append(fault.kind)

    def again(self, sent: bytes) -> None:
        """As a request that was thought to be lost comes after all."""
        with socket.create_connection(self._target, 10) as twin:
            twin.sendall(sent)

    @property
    def ended(self) -> threading.Event:
        return self._ended


class _Line:
    """One connection of a client, and its own to the server."""

    def __init__(self, peer: socket.socket, server: socket.socket, proxy: ChaosProxy) -> None:
        self._peer, self._server, self._proxy = peer, server, proxy
        self._fault: Fault | None = None
        self._sent = 0
        self._kept = bytearray()
        self._has_met = False

    def run(self) -> None:
        with selectors.DefaultSelector() as watched:
            watched.register(self._peer, selectors.EVENT_READ, self._to_server)
            watched.register(self._server, selectors.EVENT_READ, self._to_client)
            try:
                while not self._proxy.ended.is_set():
                    for key, _mask in watched.select(0.2):
                        if not key.data():
                            return
            except OSError:
                return

    def _to_server(self) -> bool:
        block = self._peer.recv(BLOCK)
        if not block:
            return False
        if self._fault is None:
            self._fault, self._sent = self._proxy.next_fault(), 0
        fault = self._fault or GOOD
        if fault.kind == "says":
            return self._say(fault, block)
        room = fault.after - self._sent
        if fault.kind in ("cut", "reset", "stall") and len(block) >= room:
            self._server.sendall(block[:room])
            self._break(fault)
            return False
        self._server.sendall(block)
        self._sent += len(block)
        if fault.kind == "twice" and not self._has_met:
            self._kept += block
            if self._sent >= fault.after:
                self._meet(fault)
                self._proxy.again(bytes(self._kept[: fault.after]))
        return True

    def _to_client(self) -> bool:
        block = self._server.recv(BLOCK)
        if not block:
            return False
        fault = self._fault or GOOD
        if fault.kind == "answer" and self._sent >= fault.after:
            self._meet(fault)
            return False
        self._peer.sendall(block)
        return True

    def _say(self, fault: Fault, block: bytes) -> bool:
        self._kept += block
        head, end, body = bytes(self._kept).partition(b"\r\n\r\n")
        length = re.search(rb"(?i)content-length: *([0-9]+)", head)
        if not end or len(body) < int(length[1] if length else 0):
            return True
        self._meet(fault)
        self._peer.sendall(fault.said)
        return False

    def _break(self, fault: Fault) -> None:
        self._meet(fault)
        if fault.kind == "stall":
            end = time.monotonic() + fault.seconds
            while time.monotonic() < end and not self._proxy.ended.wait(0.1):
                pass
        if fault.kind == "reset":
            for one in (self._peer, self._server):
                one.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))

    def _meet(self, fault: Fault) -> None:
        self._has_met = True
        self._proxy.meet(fault)


@contextmanager
def bad_line(target: str, *faults: Fault) -> Iterator[ChaosProxy]:
    proxy = ChaosProxy(target, faults)
    proxy.start()
    try:
        yield proxy
    finally:
        proxy.stop()
