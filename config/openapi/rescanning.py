"""The calls that rebuild a registry: shapes, samples and answers."""

from typing import Any

from config.openapi.shapes import (
    COUNT,
    FLAG,
    TEXT,
    UUID,
    Shape,
    answer,
    body,
    listing,
    maybe,
    one_of,
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
    "NewRescan": body(
        (),
        dry_run={**FLAG, "default": True},
        resurrect={**FLAG, "default": False, "description": "Also what was deleted here."},
        check={**FLAG, "default": False, "description": "Queue a check of each one found."},
    ),
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
}
