"""What is begun at once goes on elsewhere; also with the real server's own `send`."""

import asyncio
import socket
from collections.abc import AsyncIterator
from typing import Any

import pytest_asyncio
import uvicorn
from websockets.asyncio.client import connect

from monitoring.live.at_once import Rest, begin
from monitoring.live.mailbox import Letter, Mailbox
from tests.monitoring.live.test_mailbox import put

MIB = 1024 * 1024


async def test_the_rest_is_done_by_whoever_awaits_it() -> None:
    done: list[str] = []
    first, second = asyncio.Event(), asyncio.Event()

    async def work() -> None:
        done.append("begun")
        for event in (first, second):
            await event.wait()
            done.append("on")
        await asyncio.sleep(0)

    rest = begin(work())
    assert isinstance(rest, Rest)
    assert done == ["begun"]

    async def other() -> None:
        await rest

    task = asyncio.create_task(other())
    for event in (first, second):
        await asyncio.sleep(0)
        event.set()
    await asyncio.wait_for(task, 1)
    assert done == ["begun", "on", "on"]


class Place:
    """A server whose one socket is told what is put into its box."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.box = Mailbox()
        self.begun_at_once = 0

    async def __call__(self, _scope: Any, receive: Any, send: Any) -> None:
        await receive()
        await send({"type": "websocket.accept"})

        async def say(letter: Letter) -> None:
            await send({"type": "websocket.send", "text": f"{letter.state.value:>{MIB}}"})
            self.begun_at_once += asyncio.current_task() is not mine

        mine = asyncio.current_task()
        await self.box.tell(say)
        await send({"type": "websocket.close", "code": 1000})


@pytest_asyncio.fixture
async def place() -> AsyncIterator[Place]:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        there = Place(listening.getsockname()[1])
        config = uvicorn.Config(
            there, lifespan="off", log_level="error", ws_per_message_deflate=False
        )
        server = uvicorn.Server(config)
        task = asyncio.create_task(server.serve(sockets=[listening]))
        yield there
        server.should_exit = True
        await asyncio.wait_for(task, 10)


async def test_a_socket_that_is_read_is_told_at_once_and_one_that_is_not_finds_the_newest(
    place: Place,
) -> None:
    url = f"ws://127.0.0.1:{place.port}/"
    async with connect(url, proxy=None, compression=None, max_size=2 * MIB, max_queue=1) as link:
        put(place.box, 1)
        assert int(await link.recv()) == 1
        put(place.box, 2)
        assert int(await link.recv()) == 2
        assert place.begun_at_once >= 1
        # It takes nothing now: what the kernel does not hold waits here, and only the newest.
        for value in range(3, 60):
            put(place.box, value)
            await asyncio.sleep(0)
        assert place.box.untaken_seconds() > 0
        put(place.box, 60, is_final=True)
        found = [int(text) async for text in link]
    assert found == sorted(set(found))
    assert found[-1] == 60
    assert len(found) < 50
