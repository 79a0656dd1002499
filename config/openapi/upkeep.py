"""The calls of copies and orphans: shapes and samples."""

from typing import Any

from config.openapi.shapes import (
    COUNT,
    FLAG,
    MOMENT,
    NAMED,
    NUMBER,
    STATUSES,
    TEXT,
    UUID,
    WHERE,
    Shape,
    answer,
    body,
    listing,
    maybe,
    ref,
)

_ID = "9875d6db-4a4e-4454-8287-a88294a5769d"
_BACKUP = "0b6f6f9e-5a54-4a3b-9d3a-3f1f6f0a7c11"
_STORAGE = {"id": "7a1c9a52-40c2-4f5f-9b8d-c3d1b7d0e9f4", "name": "cellar"}
_AT = "2026-11-21T03:00:00Z"

SHAPES: dict[str, Shape] = {
    "CopyRun": answer(
        id=UUID,
        backup=UUID,
        storage=NAMED,
        status={"type": "string", "enum": list(STATUSES)},
        progress=maybe(NUMBER),
        file=maybe(UUID),
        created_at=MOMENT,
        completed_at=maybe(MOMENT),
        tries=COUNT,
        retry_at=maybe(MOMENT),
        error=maybe(ref("BackupError")),
    ),
    "Copies": answer(
        id=UUID,
        whole=COUNT,
        wanted=COUNT,
        copies=listing(ref("Copy")),
        runs=listing(ref("CopyRun")),
    ),
    "NewCopy": body(("storage",), storage=WHERE),
    "Orphan": answer(key=TEXT, size=COUNT, first_seen_at=MOMENT, goes_at=MOMENT),
    "Orphans": answer(
        storage=NAMED,
        days=COUNT,
        count=COUNT,
        results=listing(ref("Orphan")),
        looked=maybe(answer(dry_run=FLAG, complete=FLAG, found=COUNT, bytes=COUNT, removed=COUNT)),
    ),
    "NewLook": body((), dry_run={**FLAG, "default": True}),
}
_RUN = {
    "id": _ID,
    "backup": _BACKUP,
    "storage": _STORAGE,
    "status": "completed",
    "progress": 100.0,
    "file": "5f3d2a10-8c1e-4c0e-8a53-2f0f7a1d9b20",
    "created_at": _AT,
    "completed_at": _AT,
    "tries": 1,
    "retry_at": None,
    "error": None,
}
SAMPLES: dict[str, Any] = {
    "CopyRun": _RUN,
    "Copies": {
        "id": _BACKUP,
        "whole": 2,
        "wanted": 2,
        "copies": [
            {"storage": name, "status": "stored", "checked_at": _AT} for name in ("vault", "cellar")
        ],
        "runs": [_RUN],
    },
    "NewCopy": {"storage": "cellar"},
    "Orphans": {
        "storage": _STORAGE,
        "days": 7,
        "count": 1,
        "results": [
            {
                "key": "shop-0a1b2c3d/20260101T030000Z-00112233-1/shop_20260101T030000Z.dump.age",
                "size": 1048576,
                "first_seen_at": _AT,
                "goes_at": "2026-11-28T03:00:00Z",
            }
        ],
        "looked": None,
    },
    "NewLook": {"dry_run": True},
}
