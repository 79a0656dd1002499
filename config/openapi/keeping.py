"""The calls of schedules at work and of cleanups: shapes, samples and answers."""

from typing import Any

from config.openapi.shapes import (
    COUNT,
    FLAG,
    MOMENT,
    STATUSES,
    TEXT,
    UUID,
    VALIDATIONS,
    Shape,
    answer,
    body,
    listing,
    maybe,
    one_of,
    ref,
    text,
)

_ID = "9875d6db-4a4e-4454-8287-a88294a5769d"
_DATABASE = {"id": "3d4f8a5e-8f0b-4a53-9f0d-6c2f0e6a7b10", "name": "orders"}
_AT = "2026-11-21T03:00:00Z"
_HOUR = text(5, pattern="^[0-2][0-9]:[0-5][0-9]$")

SHAPES: dict[str, Shape] = {
    "WindowBody": body(("from", "to"), **{"from": _HOUR, "to": _HOUR}),
    "ScheduleRun": answer(
        due_at=MOMENT,
        late=FLAG,
        state=one_of("queued", "retrying", "skipped", "refused"),
        tries=COUNT,
        retry_at=maybe(MOMENT),
        reason=maybe(answer(code=TEXT, message=TEXT)),
        backup=maybe(UUID),
        status=maybe(one_of(*STATUSES)),
    ),
    "KeptBackup": answer(
        id=UUID,
        file_name=TEXT,
        completed_at=maybe(MOMENT),
        size_bytes=maybe(COUNT),
        validation=one_of(*VALIDATIONS),
        schedule=maybe(TEXT),
        locked_until=maybe(MOMENT),
        why=listing(TEXT),
    ),
    "CleanupPreview": answer(
        database=answer(id=UUID, name=TEXT),
        at=MOMENT,
        stopped=maybe(TEXT),
        goes=listing(ref("KeptBackup")),
        stays=listing(ref("KeptBackup")),
    ),
    "Cleanup": answer(
        database=answer(id=UUID, name=TEXT),
        stopped=maybe(TEXT),
        planned=listing(UUID),
        removed=listing(UUID),
    ),
    "NewCleanup": body(
        (),
        named=maybe(listing(UUID, maxItems=100_000, description="Nothing else goes.")),
        confirmed={**FLAG, "default": False, "description": "Also when it is stopped."},
    ),
}
_KEPT = {
    "id": _ID,
    "file_name": "orders_20261121T030000Z.dump.age",
    "completed_at": _AT,
    "size_bytes": 402223016,
    "validation": "proven",
    "schedule": "nightly",
    "locked_until": None,
    "why": ["last", "newest_good"],
}
SAMPLES: dict[str, Any] = {
    "CleanupPreview": {
        "database": _DATABASE,
        "at": _AT,
        "stopped": None,
        "goes": [{**_KEPT, "why": []}],
        "stays": [_KEPT],
    },
    "Cleanup": {"database": _DATABASE, "stopped": None, "planned": [_ID], "removed": [_ID]},
    "NewCleanup": {"named": [_ID]},
}
