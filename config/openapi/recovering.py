"""The calls for when all is lost: of rescans and of Holdfast's own backup."""

from typing import Any

from config.openapi.shapes import (
    COUNT,
    FLAG,
    MOMENT,
    NUMBER,
    TEXT,
    UUID,
    Shape,
    answer,
    body,
    listing,
    maybe,
    one_of,
    ref,
    text,
)

_OUTCOMES = (
    *("known", "at_work", "found", "resurrected"),
    *("deleted", "conflict", "skipped", "foreign"),
)
_ID = "0b9a3f0e-6a55-4a4f-9a3c-0d1f3c5e7a21"
_KEY = "orders-0b9a3f0e/20261121T030000Z-9875d6db-1/orders_20261121T030000Z.dump.age"

SHAPES: dict[str, Shape] = {
    "Rescan": answer(
        storage=answer(id=UUID, name=TEXT),
        dry_run=FLAG,
        complete={**FLAG, "description": "false: too much for a request; see the documents."},
        checks={**COUNT, "description": "How many were queued."},
        databases=listing(TEXT, description="Made without a password."),
        counts=answer(**dict.fromkeys(_OUTCOMES, COUNT)),
        findings=listing(
            answer(
                outcome=one_of(*_OUTCOMES),
                key=TEXT,
                reason=maybe(TEXT),
                said=maybe(TEXT),
                backup=maybe(UUID),
            ),
            description="The first 500 that are not simply known.",
        ),
    ),
    "ControlSet": answer(
        id=UUID,
        storage=answer(id=UUID, name=TEXT),
        status=one_of("pending", "running", "completed", "failed"),
        created_at=MOMENT,
        completed_at=maybe(MOMENT),
        key=maybe(TEXT),
        size_bytes=maybe(COUNT),
        error=maybe(ref("BackupError")),
    ),
    "ControlSets": answer(
        standing=answer(
            newest=maybe(UUID),
            age_seconds=maybe(NUMBER),
            stale={**FLAG, "description": "None is younger than two days."},
            warnings=listing(TEXT),
        ),
        results=listing(ref("ControlSet")),
    ),
    "NewControlSet": body((), storage=text(200, description="Id or name.")),
    "NewRescan": body(
        (),
        dry_run={**FLAG, "default": True},
        resurrect={**FLAG, "default": False, "description": "Also what was deleted here."},
        check={**FLAG, "default": False, "description": "Queue a check of each one found."},
    ),
}
_SET = {
    "id": _ID,
    "storage": {"id": _ID, "name": "vault"},
    "status": "completed",
    "created_at": "2026-11-21T03:00:00Z",
    "completed_at": "2026-11-21T03:00:04Z",
    "key": "holdfast-itself/20261121T030000Z-0b9a3f0e/holdfast_20261121T030000Z.manifest.json",
    "size_bytes": 402223,
    "error": None,
}
SAMPLES: dict[str, Any] = {
    "Rescan": {
        "storage": {"id": _ID, "name": "vault"},
        "dry_run": True,
        "complete": True,
        "checks": 0,
        "databases": [],
        "counts": {**dict.fromkeys(_OUTCOMES, 0), "known": 41, "found": 1, "conflict": 1},
        "findings": [
            {"outcome": "found", "key": _KEY, "reason": None, "said": None, "backup": _ID},
            {
                "outcome": "conflict",
                "key": _KEY,
                "reason": "bytes_missing",
                "said": "Its bytes are not there any more.",
                "backup": None,
            },
        ],
    },
    "NewRescan": {"dry_run": True},
    "ControlSet": _SET,
    "ControlSets": {
        "standing": {"newest": _ID, "age_seconds": 3600, "stale": False, "warnings": []},
        "results": [_SET],
    },
    "NewControlSet": {"storage": "vault"},
}
