"""What belongs to a recording: its name's parts, and the JSON file beside it."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from holdfast_agent.errors import UploadError
from holdfast_agent.files import opened
from holdfast_agent.logs import log

VIDEOS = (".mp4", ".webm", ".avi")
_PART = re.compile(r"[._-]part[._-]?\d+$", re.IGNORECASE)
_BESIDE = (".json", "_metadata.json", ".metadata.json")
# What the server takes beside the size and the name, with room for the rest of the request.
MOST_OBJECT_BYTES = 60 << 10
MOST_FILE_BYTES = 1 << 20


@dataclass(frozen=True)
class Metadata:
    """`path` is the file that has all of it; too large objects are left to it."""

    session_id: str = ""
    connection_info: dict[str, Any] = field(default_factory=dict)
    rest: dict[str, Any] = field(default_factory=dict)
    path: Path | None = None


def session_part(path: Path) -> str:
    """`rdp_123_1729950022_part2.mp4` and its other parts are of `rdp_123_1729950022`."""
    stem = _PART.sub("", path.stem) or path.stem
    return re.sub(r"[^A-Za-z0-9_.-]+", "_", stem)[:150]


def metadata_beside(video: Path) -> Path | None:
    for ending in _BESIDE:
        found = video.with_name(video.stem + ending)
        if found.is_file() and not found.is_symlink():
            return found
    return None


def read_metadata(path: Path | None) -> Metadata:
    """A file that is missing or no JSON costs nobody the recording: it is logged, and left."""
    if path is None:
        return Metadata()
    try:
        with opened(path) as file:
            body = file.read(MOST_FILE_BYTES + 1)
        found = json.loads(body.decode("utf-8-sig"))
        if len(body) > MOST_FILE_BYTES or not isinstance(found, dict):
            raise ValueError("it must be a JSON object of 1 MiB at most")
    except (UploadError, ValueError) as error:
        log.warning("Metadata %s is left out: %s", path.name, error)
        return Metadata()
    return _metadata(found, path)


def metadata_of(found: dict[str, Any]) -> Metadata:
    """Of what a caller gives without a file."""
    return _metadata(found, None)


def _metadata(found: dict[str, Any], path: Path | None) -> Metadata:
    info = found.get("connection_info")
    info = info if isinstance(info, dict) else {}
    rest = {
        name: value
        for name, value in found.items()
        if name not in ("connection_info", "session_id")
    }
    if len(json.dumps([info, rest])) > MOST_OBJECT_BYTES:
        rest = {name: rest[name] for name in ("start_time", "end_time") if name in rest}
        if len(json.dumps([info, rest])) > MOST_OBJECT_BYTES:
            info = {}
    session_id = found.get("session_id")
    return Metadata(session_id if isinstance(session_id, str) else "", info, rest, path)
