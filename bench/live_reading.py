"""Many readers in one program, for `bench.live`: it reads what to follow, and counts what comes."""

import asyncio
import json
import sys
import time
from dataclasses import dataclass, field
from typing import Any

from websockets.asyncio.client import connect

SAMPLED = 10
AT_ONCE = 20


@dataclass
class Reader:
    """`seen` is kept by a few of them only: file, bytes, moment."""

    file: str
    samples: bool
    deliveries: int = 0
    progress: float = -1.0
    has_ended: bool = False
    is_disordered: bool = False
    seen: list[tuple[str, int, float]] = field(default_factory=list)

    def take(self, text: str | bytes) -> None:
        message = json.loads(text)
        data = message.get("data") or message
        if "progress" not in data:
            return
        self.deliveries += 1
        if data["progress"] < self.progress or self.has_ended:
            self.is_disordered = True
        self.progress = data["progress"]
        self.has_ended = data["status"] == "completed"
        if self.samples and data["bytes_done"]:
            self.seen.append((self.file, data["bytes_done"], time.time()))


async def main() -> None:
    loop = asyncio.get_running_loop()
    asked = json.loads(await loop.run_in_executor(None, sys.stdin.readline))
    files, room = asked["files"], asyncio.Semaphore(AT_ONCE)
    readers: list[Reader] = []
    tasks = []
    for count, way in (
        (asked["warm"], _socket),
        (asked["sockets"] - asked["warm"], _socket),
        (asked["streams"], _stream),
    ):
        if readers:
            assert (await loop.run_in_executor(None, sys.stdin.readline)).strip() == "more"
        ready = []
        for _ in range(count):
            number = len(readers)
            reader = Reader(files[number % len(files)], samples=number < SAMPLED)
            connected: asyncio.Future[None] = loop.create_future()
            tasks.append(asyncio.create_task(way(asked, reader, connected, room)))
            readers.append(reader)
            ready.append(connected)
        await asyncio.wait_for(asyncio.gather(*ready), 180)
        print("ready", flush=True)
    while (word := (await loop.run_in_executor(None, sys.stdin.readline)).strip()) == "reset":
        for reader in readers:
            reader.deliveries = 0
    assert word in ("stop", "")
    found: dict[str, Any] = {
        "readers": len(readers),
        "deliveries": sum(one.deliveries for one in readers),
        "unended": sum(not one.has_ended for one in readers),
        "disordered": sum(one.is_disordered for one in readers),
        "seen": [one for reader in readers for one in reader.seen],
    }
    print(json.dumps(found), flush=True)
    for task in tasks:
        task.cancel()


async def _socket(
    asked: Any, reader: Reader, connected: "asyncio.Future[None]", room: asyncio.Semaphore
) -> None:
    url = f"ws://127.0.0.1:{asked['port']}/ws/downloads/{reader.file}"
    headers = {"Authorization": f"Bearer {asked['token']}"}
    async with room:
        link = await connect(
            url,
            additional_headers=headers,
            proxy=None,
            open_timeout=60,
            ping_interval=None,
            compression=None,
        )
        reader.take(await link.recv())
        connected.set_result(None)
    async for text in link:
        reader.take(text)


async def _stream(
    asked: Any, reader: Reader, connected: "asyncio.Future[None]", room: asyncio.Semaphore
) -> None:
    async with room:
        source, sink = await asyncio.open_connection("127.0.0.1", asked["port"])
        sink.write(
            f"GET /downloads/{reader.file}/stream HTTP/1.1\r\nHost: 127.0.0.1:{asked['port']}\r\n"
            f"Authorization: Bearer {asked['token']}\r\n\r\n".encode()
        )
        while not (await source.readline()).startswith(b"data: "):
            pass
        connected.set_result(None)
    while line := await source.readline():
        if line.startswith(b"data: "):
            reader.take(line[6:])


if __name__ == "__main__":
    asyncio.run(main())
