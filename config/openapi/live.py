"""The shapes and samples of the calls beside the live channels."""

from typing import Any

from config.openapi.shapes import COUNT, MOMENT, NUMBER, TEXT, Shape, answer, maybe

_COUNTS = ("pending", "downloading", "completed", "failed", "total")
_STATS = (
    *("total_downloads", "completed_downloads", "failed_downloads", "pending_downloads"),
    *("downloads_today", "downloads_this_week", "downloads_this_month", "total_storage_used"),
)

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
    "Ticket": {
        "ticket": "Yb0mJ2h0o3kUqk8Zq0y2c5V7m1w9x4T6r8e0a2s4d6f",
        "expires_at": "2026-11-21T07:07:47.812Z",
    },
}
