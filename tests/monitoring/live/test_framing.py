"""A text's frame is the server's own, and goes only where the connection is simply open."""

import asyncio
from types import SimpleNamespace
from typing import Any

import pytest
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.protocol import State
from websockets.server import ServerProtocol

from monitoring.live.framing import FRAME, SharedFrames, frame_of


@pytest.mark.parametrize("text", ["", "{}", "ü☃" * 100, "x" * 125, "x" * 126, "x" * 70_000])
def test_it_is_the_servers_own(text: str) -> None:
    server = ServerProtocol(state=State.OPEN)
    server.send_text(text.encode())
    assert frame_of(text) == b"".join(server.data_to_send())


@pytest.mark.parametrize(
    ("change", "passes"),
    [
        ({}, True),
        ({"handshake_complete": False}, False),
        ({"close_sent": True}, False),
        ({"disconnected": True}, False),
        ({"initial_response": (404, [], b"")}, False),
        ({"writable": asyncio.Event()}, False),
        ({"conn": SimpleNamespace(state=State.CLOSING, extensions=[])}, False),
        ({"conn": SimpleNamespace(state=State.OPEN, extensions=["compresses"])}, False),
    ],
    ids=lambda value: next(iter(value), "open") if isinstance(value, dict) else "",
)
def test_where_it_is_not_simply_open_the_server_decides(
    monkeypatch: pytest.MonkeyPatch, change: dict[str, Any], passes: bool
) -> None:
    written: list[bytes] = []
    left: list[str] = []

    async def send(_self: object, message: Any) -> None:
        left.append(message["text"])

    monkeypatch.setattr(WebSocketsSansIOProtocol, "send", send)
    protocol = SharedFrames.__new__(SharedFrames)
    writable = asyncio.Event()
    writable.set()
    state = {
        "handshake_complete": True,
        "close_sent": False,
        "disconnected": False,
        "initial_response": None,
        "writable": writable,
        "conn": SimpleNamespace(state=State.OPEN, extensions=[]),
        "transport": SimpleNamespace(write=written.append),
    }
    vars(protocol).update({**state, **change})
    message = {"type": "websocket.send", "text": "x", FRAME: frame_of("x")}
    asyncio.run(protocol.send(message))
    assert (written, left) == (([frame_of("x")], []) if passes else ([], ["x"]))
    asyncio.run(protocol.send({"type": "websocket.send", "text": "y"}))
    assert left[-1] == "y"
