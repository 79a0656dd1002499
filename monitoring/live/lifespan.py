"""The beginning and end of a server process: who listens is sent away when it is told to stop."""

import asyncio
import signal
from types import FrameType

from monitoring.live.hub import hub
from monitoring.live.sockets import Receive, Scope, Send

STOP_SIGNALS = (signal.SIGTERM, signal.SIGINT)


async def lifespan(_scope: Scope, receive: Receive, send: Send) -> None:
    """The ASGI lifespan protocol."""
    while True:
        message = await receive()
        if message["type"] == "lifespan.startup":
            for number in STOP_SIGNALS:
                _hear_too(number)
            await send({"type": "lifespan.startup.complete"})
        elif message["type"] == "lifespan.shutdown":
            await hub().close()
            await send({"type": "lifespan.shutdown.complete"})
            return


def _hear_too(number: signal.Signals) -> None:
    """The server's own handler comes after ours. It would wait for open streams until its time
    is over, and tells no application that it stops before they are closed."""
    there, loop = hub(), asyncio.get_running_loop()
    servers_own = signal.getsignal(number)
    if not callable(servers_own):
        return

    def handle(signal_number: int, frame: FrameType | None) -> None:
        loop.call_soon_threadsafe(there.send_all_away)
        servers_own(signal_number, frame)

    try:
        signal.signal(number, handle)
    except ValueError:
        # A server that runs in a thread hears no signals.
        return
