"""What a file, a stage, a step and a line of the monitoring contract have."""

import re
import uuid
from typing import Any

MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z")
STATES = {"pending", "in_progress", "completed", "failed"}
FILE: dict[str, Any] = {
    "fileId": str,
    "fileName": str,
    "originalPath": str,
    "sourceType": str,
    "origin": str,
    "status": str,
    "createdAt": str,
    "startedAt": str | None,
    "completedAt": str | None,
    "stages": list,
    "overallProgress": int | float,
    "currentStage": str | None,
    "error": str | None,
}
STAGE: dict[str, Any] = {
    "id": str,
    "name": str,
    "description": str,
    "status": str,
    "startTime": str | None,
    "endTime": str | None,
    "steps": list,
    "progress": int | float,
}
STEP: dict[str, Any] = {
    "id": str,
    "timestamp": str,
    "status": str,
    "message": str,
    "details": str | None,
    "duration": int | float | None,
}
LINE: dict[str, Any] = {
    "id": str,
    "timestamp": str,
    "level": str,
    "message": str,
    "source": str,
}
STANDARD_STAGES = {
    "restore": ["receive", "validate", "restore", "finalize"],
    "backup": ["dump", "store", "validate", "finalize"],
    "upload": ["receive", "validate", "store", "finalize"],
    "download": ["receive", "validate", "store", "finalize"],
    "deposit": ["receive", "validate", "store", "finalize"],
    "drill": ["fetch", "restore", "compare", "finalize"],
    "copy": ["read", "store", "validate", "finalize"],
}


def has(one: dict[str, Any], fields: dict[str, Any]) -> None:
    for field, kind in fields.items():
        assert field in one, field
        assert isinstance(one[field], kind), (field, one[field])


def are_moments(*texts: str | None) -> None:
    for text in texts:
        assert text is None or MOMENT.fullmatch(text), text


def is_file(one: dict[str, Any]) -> None:
    """Each field of the contract is there, of its kind."""
    has(one, FILE)
    assert str(uuid.UUID(one["fileId"])) == one["fileId"]
    assert "/" not in one["fileName"]
    assert one["sourceType"] in {"upload", "google_drive", "local"}
    assert one["status"] in {"queued", "processing", "completed", "failed"}
    are_moments(one["createdAt"], one["startedAt"], one["completedAt"])
    assert 0 <= one["overallProgress"] <= 100
    for stage in one["stages"]:
        has(stage, STAGE)
        assert stage["status"] in STATES
        assert 0 <= stage["progress"] <= 100
        are_moments(stage["startTime"], stage["endTime"])
        for step in stage["steps"]:
            has(step, STEP)
            assert step["status"] in STATES
            are_moments(step["timestamp"])
