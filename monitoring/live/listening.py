"""The process's one channel: it joins the group of wake-ups, and comes back when Redis does."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import structlog
from channels.layers import get_channel_layer

from monitoring.events.wakeups import GROUP

log = structlog.get_logger(__name__)

FIRST_DELAY = 1.0
LONGEST_DELAY = 15.0


async def listen(wake: Callable[[list[str]], None], say: Callable[[dict[str, Any]], None]) -> None:
    """Call `wake` with the subjects of each message and `say` with what is to be passed on, until
    cancelled. Never ends by itself."""
    layer = get_channel_layer()
    delay = FIRST_DELAY
    while layer is not None:
        channel = ""
        try:
            channel = await layer.new_channel("live.")
            await layer.group_add(GROUP, channel)
            delay = FIRST_DELAY
            while True:
                message: dict[str, Any] = await layer.receive(channel)
                wake([str(subject) for subject in message.get("subjects", [])])
                for said in message.get("said", []):
                    say(said)
        except asyncio.CancelledError:
            await _within_a_second(layer.group_discard(GROUP, channel))
            raise
        except Exception as error:  # noqa: BLE001 - Redis is away: the hub looks by itself
            log.warning("live_cannot_listen", error=str(error), again_in=delay)
            # Else the layer would go on to fill the queue of a channel that nobody reads.
            await _within_a_second(layer.flush())
        await asyncio.sleep(delay)
        delay = min(delay * 2, LONGEST_DELAY)


async def _within_a_second(farewell: Awaitable[None]) -> None:
    try:
        await asyncio.wait_for(farewell, 1.0)
    except Exception:  # noqa: BLE001 - Redis is away, and forgets by itself
        return
