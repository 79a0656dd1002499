"""A frame is made once for all the readers of a text, not for each: a setting of the web server.

`--ws monitoring.live.framing:SharedFrames` (see `config.processes.programs`). Any other server, or
this one where a connection is not simply open, makes its own frame of the text beside it.
"""

from typing import Any

from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.frames import Frame, Opcode
from websockets.protocol import State

# Beside `text`, in a message to the server.
FRAME = "frame"


def frame_of(text: str) -> bytes:
    """As a server sends it: whole, unmasked, uncompressed (RFC 6455, section 5.2)."""
    return Frame(Opcode.TEXT, text.encode()).serialize(mask=False)


class SharedFrames(WebSocketsSansIOProtocol):
    async def send(self, message: Any) -> None:
        frame = message.get(FRAME)
        if frame is None or not self._is_simply_open():
            await super().send(message)
        else:
            self.transport.write(frame)

    def _is_simply_open(self) -> bool:
        return (
            self.handshake_complete
            and not self.close_sent
            and not self.disconnected
            and self.initial_response is None
            and self.writable.is_set()
            and self.conn.state is State.OPEN
            and not self.conn.extensions
        )
