"""One request to the ASGI application itself, with an empty body: for what its headers do."""

import asyncio
from typing import Any

from config.asgi import application


def ask(
    method: str, path: str, *, address: str = "127.0.0.1", **headers: str
) -> tuple[int, dict[str, str]]:
    """The status, and the headers by their small names; `_` in a name stands for `-`."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    scope: dict[str, Any] = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": method,
        "path": path,
        "raw_path": path.encode(),
        "query_string": b"",
        "headers": [(k.encode(), v.encode()) for k, v in {"host": "localhost", **named}.items()],
        "client": (address, 1),
        "server": ("localhost", 80),
    }

    said: list[dict[str, Any]] = []

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: dict[str, Any]) -> None:
        said.append(message)

    asyncio.run(application(scope, receive, send))
    found = {k.decode().lower(): v.decode() for k, v in said[0]["headers"]}
    return int(said[0]["status"]), found
