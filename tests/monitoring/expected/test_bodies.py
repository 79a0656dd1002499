"""What stands before Django reads no more of a ping than is kept, whatever comes."""

from collections.abc import MutableMapping
from typing import Any

from monitoring.expected.bodies import with_short_pings
from monitoring.expected.runs import LONGEST_LOG

Message = MutableMapping[str, Any]


async def told(path: str, chunks: list[bytes]) -> tuple[int, int, str]:
    """How much came through, how many chunks were taken, and what came behind the end."""
    left = [
        {"type": "http.request", "body": body, "more_body": number < len(chunks)}
        for number, body in enumerate(chunks, 1)
    ]
    taken = 0
    read = 0
    last = ""

    async def receive() -> Message:
        nonlocal taken
        if not left:
            return {"type": "http.disconnect"}
        taken += 1
        return left.pop(0)

    async def send(message: Message) -> None:
        raise AssertionError(message)

    async def app(scope: Message, receive: Any, send: Any) -> None:
        nonlocal read, last, taken
        more = True
        while more:
            message = await receive()
            read += len(message["body"])
            more = message["more_body"]
        at_end = taken
        last = (await receive())["type"]
        taken = at_end

    await with_short_pings(app)({"type": "http", "path": path}, receive, send)
    return read, taken, last


async def test_a_long_body_ends_where_what_is_kept_ends() -> None:
    chunks = [b"x" * 60_000] * 50
    assert await told("/ping/key/log", chunks) == (LONGEST_LOG, 2, "http.disconnect")


async def test_a_short_one_and_other_addresses_are_as_they_were() -> None:
    assert await told("/ping/key", [b"a", b"b"]) == (2, 2, "http.disconnect")
    assert await told("/ping/key", [b""]) == (0, 1, "http.disconnect")
    chunks = [b"x" * 60_000] * 5
    assert await told("/api/backup/create", chunks) == (300_000, 5, "http.disconnect")
