"""The shapes and samples of the calls beside the live channels."""

from typing import Any

from config.openapi.shapes import (
    COUNT,
    MOMENT,
    NUMBER,
    TEXT,
    Shape,
    answer,
    body,
    listing,
    maybe,
    one_of,
    text,
)

_COUNTS = ("pending", "downloading", "completed", "failed", "total")
_STATS = (
    *("total_downloads", "completed_downloads", "failed_downloads", "pending_downloads"),
    *("downloads_today", "downloads_this_week", "downloads_this_month", "total_storage_used"),
)

_KINDS, _LEVELS = ("system", "maintenance", "alert"), ("info", "warning", "error")
_NOTICE = answer(
    id=COUNT,
    kind=one_of(*_KINDS),
    level=one_of(*_LEVELS),
    title=TEXT,
    message=TEXT,
    starts_at=MOMENT,
    ends_at=maybe(MOMENT),
    company=maybe(answer(id=COUNT, name=TEXT)),
)
_SHOWN = {
    "id": 7,
    "kind": "maintenance",
    "level": "warning",
    "title": "Restart at 18:00",
    "message": "Runs go on afterwards.",
    "starts_at": "2026-11-21T07:00:00Z",
    "ends_at": "2026-11-21T18:10:00Z",
    "company": None,
}

SHAPES: dict[str, Shape] = {
    "Queue": answer(
        **dict.fromkeys(_COUNTS, COUNT),
        queue_position={
            **maybe(COUNT),
            "description": "How many stand before your oldest queued file, plus one.",
        },
    ),
    "Stats": answer(
        **dict.fromkeys(_STATS, COUNT),
        average_download_time={**NUMBER, "description": "Seconds."},
    ),
    "Ticket": answer(ticket=TEXT, expires_at=MOMENT),
    "Notice": _NOTICE,
    "Notices": answer(results=listing(_NOTICE)),
    "NewNotice": body(
        ("title",),
        title=text(120),
        message=text(2000, least=0),
        kind=one_of(*_KINDS),
        level=one_of(*_LEVELS),
        starts_at=maybe(MOMENT),
        ends_at=maybe(MOMENT),
        company=text(200, description="Id or name; `*` is everyone."),
    ),
}

SAMPLES: dict[str, Any] = {
    "Queue": {
        **dict(zip(_COUNTS, (2, 1, 940, 12, 955), strict=True)),
        "queue_position": 1,
    },
    "Stats": {
        **dict(zip(_STATS, (955, 940, 12, 2, 31, 120, 410, 2310000000), strict=True)),
        "average_download_time": 74.2,
    },
    "Notice": _SHOWN,
    "Notices": {"results": [_SHOWN]},
    "NewNotice": {"title": "Restart at 18:00", "level": "warning", "company": "*"},
    "Ticket": {
        "ticket": "Yb0mJ2h0o3kUqk8Zq0y2c5V7m1w9x4T6r8e0a2s4d6f",
        "expires_at": "2026-11-21T07:07:47.812Z",
    },
}
