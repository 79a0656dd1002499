"""Files from elsewhere: shapes and samples."""

from typing import Any

from config.openapi.shapes import COUNT, MOMENT, TEXT, UUID, Shape, answer, listing, maybe, ref

SHAPES: dict[str, Shape] = {
    "ReceivedFile": answer(
        id=UUID,
        name=TEXT,
        size=COUNT,
        sha256=TEXT,
        contents={
            "type": "object",
            "description": "What it was recognized as: `format`, `layers` around it, "
            "`tool_version`, `server_version`, `items`, `tables`, `extensions`, `left_out`. "
            "Empty until a preflight or a restore has looked.",
        },
        created_by=maybe(TEXT),
        created_at=MOMENT,
        expires_at=maybe(MOMENT),
    ),
    "ReceivedFiles": answer(results=listing(ref("ReceivedFile"))),
}

_FILE: dict[str, Any] = {
    "id": "0b9a3f0e-6a55-4a4f-9a3c-0d1f3c5e7a21",
    "name": "shop.dump.gz",
    "size": 402223016,
    "sha256": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
    "contents": {},
    "created_by": "otto",
    "created_at": "2026-11-21T03:00:00Z",
    "expires_at": "2026-11-22T03:00:00Z",
}
SAMPLES: dict[str, Any] = {"ReceivedFile": _FILE, "ReceivedFiles": {"results": [_FILE]}}
