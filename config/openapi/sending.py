"""Uploads and recordings: shapes and samples."""

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
    listing,
    maybe,
    one_of,
    ref,
)

_OBJECT: Shape = {"type": "object"}
_STATUSES = ("created", "uploading", "uploaded", "finalizing", "completed", "failed", "expired")
_SHA256: Shape = {"type": "string", "pattern": "^([0-9a-fA-F]{64})?$"}


def _short(longest: int) -> Shape:
    return {"type": "string", "maxLength": longest}


_STATUS: dict[str, Shape] = {
    "session_id": TEXT,
    "client_session_id": maybe(TEXT),
    "status": one_of(*_STATUSES),
    "progress": NUMBER,
    "bytes_received": COUNT,
    "file_size": COUNT,
    "retry_count": COUNT,
    "server_file_id": maybe(UUID),
    "error": maybe(TEXT),
    "content": maybe(ref("UploadContent")),
    "created_at": MOMENT,
    "expires_at": MOMENT,
}
_LIMIT: Shape = {"type": "integer", "minimum": 0}
_QUOTA: dict[str, Shape] = {
    "most_bytes": COUNT,
    "most_open": COUNT,
    "most_bytes_a_day": maybe(COUNT),
    "open": COUNT,
    "bytes_today": COUNT,
    "deletes_recordings": FLAG,
}
_RETENTION: dict[str, Shape] = {
    "company": answer(id=COUNT, name=TEXT),
    "days": maybe(COUNT),
    "own_days": maybe(COUNT),
    "at": MOMENT,
    "before": maybe(MOMENT),
    "stopped": maybe(one_of("clock_behind", "too_many_by_time")),
    "count": COUNT,
    "bytes": COUNT,
    "goes": listing(answer(file_id=UUID, file_name=TEXT, file_size=COUNT, created_at=MOMENT)),
}

SHAPES: dict[str, Shape] = {
    "NewUploadSession": {
        "type": "object",
        "properties": {
            "session_id": _short(200),
            "connection_info": maybe(_OBJECT),
            "file_size": {"type": "integer", "minimum": 1, "description": "In bytes."},
            "metadata": maybe(_OBJECT),
            "sha256": maybe(_SHA256),
            "file_name": maybe(_short(1000)),
            "kind": one_of("recording", "backup"),
            "job_id": maybe(_short(200)),
        },
        "required": ["file_size"],
    },
    "UploadSession": answer(
        session_id=TEXT,
        metadata_upload_url=TEXT,
        video_upload_url=TEXT,
        expires_at=MOMENT,
        status=one_of(*_STATUSES),
    ),
    "UploadStatus": answer(**_STATUS),
    "UploadEnd": answer(
        session_id=TEXT,
        status=one_of("finalizing", "completed"),
        file_id=UUID,
        file_size=COUNT,
        sha256=TEXT,
        content=maybe(ref("UploadContent")),
    ),
    "ListedUpload": answer(
        **_STATUS, kind=TEXT, file_name=maybe(TEXT), sender=maybe(TEXT), rate=maybe(COUNT)
    ),
    "UploadPage": answer(
        results=listing(ref("ListedUpload")),
        next=maybe(TEXT),
        previous={"type": "null"},
        count={"type": "null"},
    ),
    "UploadQuota": answer(**_QUOTA),
    "UploadSender": answer(agent_id=TEXT, company=TEXT, **_QUOTA),
    "UploadSenders": answer(results=listing(ref("UploadSender"))),
    "UploadLimits": {
        "type": "object",
        "properties": {
            **{name: maybe(_LIMIT) for name in ("most_mb", "most_open", "most_mb_a_day")},
            "deletes_recordings": FLAG,
        },
    },
    "UploadTaken": answer(**_STATUS, part=one_of("file", "metadata"), sha256=TEXT),
    "UploadForm": {
        "type": "object",
        "properties": {
            name: {"type": "string", "format": "binary"} for name in ("file", "video", "metadata")
        }
        | {"file_type": one_of("video", "metadata", "backup")},
        "description": "`video` and `metadata`; or `file`, after `file_type`: without it a JSON "
        "`file` is metadata, another one the file.",
    },
    # Of a backup, once it was looked at; `passed` is null where nobody here can read it.
    "UploadContent": answer(passed=maybe(FLAG), detail=TEXT),
    "NewUploadEnd": {"type": "object", "properties": {"sha256": maybe(_SHA256)}},
    "Recording": answer(
        file_id=UUID,
        session_id=TEXT,
        client_session_id=maybe(TEXT),
        file_name=TEXT,
        file_size=COUNT,
        sha256=TEXT,
        content_type=TEXT,
        duration=maybe(NUMBER),
        width=maybe(COUNT),
        height=maybe(COUNT),
        damage=maybe(TEXT),
        connection_info=_OBJECT,
        metadata=_OBJECT,
        thumbnail_url=maybe(TEXT),
        created_at=MOMENT,
        expires_at=maybe(MOMENT),
    ),
    "RecordingDays": {
        "type": "object",
        "properties": {"days": maybe({"type": "integer", "minimum": 0, "maximum": 36500})},
        "required": ["days"],
    },
    "RecordingRetention": answer(**_RETENTION),
    "NewRecordingCleanup": {
        "type": "object",
        "properties": {"before": maybe(MOMENT), "confirmed": FLAG},
    },
    "RecordingCleanup": answer(removed=COUNT, **_RETENTION),
    "RecordingPage": answer(
        results=listing(ref("Recording")),
        next=maybe(TEXT),
        previous=maybe(TEXT),
        count={"type": "null"},
    ),
}

_SESSION = "upload_session_0b9a3f0e6a554a4f9a3c0d1f3c5e7a21"
_FILE = "5d0c44e6-5a52-4a19-8f30-2f4d0a3c7b11"
_DIGEST = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"
_SIZE = 15728640
_RECORDING: dict[str, Any] = {
    "file_id": _FILE,
    "session_id": _SESSION,
    "client_session_id": "rdp_123_1729950022",
    "file_name": "rdp_123_1729950022.mp4",
    "file_size": _SIZE,
    "sha256": _DIGEST,
    "content_type": "video/mp4",
    "duration": 1260.4,
    "width": 1920,
    "height": 1080,
    "damage": None,
    "connection_info": {"con_codigo": 123, "ip": "192.168.1.100", "name": "Production"},
    "metadata": {"start_time": "2026-11-21T03:00:22.123456"},
    "thumbnail_url": None,
    "created_at": "2026-11-21T03:20:22Z",
    "expires_at": "2027-02-19T03:20:22Z",
}
_RETENTION_SAMPLE: dict[str, Any] = {
    "company": {"id": 3, "name": "Acme"},
    "days": 90,
    "own_days": 90,
    "at": "2027-02-20T09:00:00Z",
    "before": "2026-11-22T09:00:00Z",
    "stopped": None,
    "count": 1,
    "bytes": _SIZE,
    "goes": [
        {
            "file_id": _FILE,
            "file_name": "rdp_123_1729950022.mp4",
            "file_size": _SIZE,
            "created_at": "2026-11-21T03:20:22Z",
        }
    ],
}
_QUOTA_SAMPLE: dict[str, Any] = {
    "most_bytes": 10240 << 20,
    "most_open": 50,
    "most_bytes_a_day": None,
    "open": 1,
    "bytes_today": _SIZE,
    "deletes_recordings": False,
}
_SENDER_SAMPLE = {"agent_id": "till-4", "company": "Acme", **_QUOTA_SAMPLE}
_STATUS_SAMPLE: dict[str, Any] = {
    "session_id": _SESSION,
    "client_session_id": "rdp_123_1729950022",
    "status": "uploading",
    "progress": 50.0,
    "bytes_received": _SIZE // 2,
    "file_size": _SIZE,
    "retry_count": 0,
    "server_file_id": None,
    "error": None,
    "content": None,
    "created_at": "2026-11-21T03:00:22Z",
    "expires_at": "2026-11-22T03:00:40Z",
}
SAMPLES: dict[str, Any] = {
    "Recording": _RECORDING,
    "RecordingDays": {"days": 90},
    "RecordingRetention": _RETENTION_SAMPLE,
    "NewRecordingCleanup": {"before": "2026-11-22T09:00:00Z"},
    "RecordingCleanup": {**_RETENTION_SAMPLE, "removed": 1, "count": 0, "bytes": 0, "goes": []},
    "RecordingPage": {"results": [_RECORDING], "next": None, "previous": None, "count": None},
    "NewUploadSession": {
        "session_id": "rdp_123_1729950022",
        "connection_info": {"con_codigo": 123, "ip": "192.168.1.100", "name": "Production"},
        "file_size": _SIZE,
        "metadata": {"start_time": "2026-11-21T03:00:22.123456"},
    },
    "UploadSession": {
        "session_id": _SESSION,
        "metadata_upload_url": f"https://holdfast.example.com/upload/metadata/{_SESSION}",
        "video_upload_url": f"https://holdfast.example.com/upload/video/{_SESSION}",
        "expires_at": "2026-11-22T03:00:22Z",
        "status": "created",
    },
    "UploadStatus": _STATUS_SAMPLE,
    "UploadPage": {
        "results": [
            {
                **_STATUS_SAMPLE,
                "kind": "recording",
                "file_name": "rdp_123_1729950022.mp4",
                "sender": "agent:till-4",
                "rate": 4194304,
            }
        ],
        "next": None,
        "previous": None,
        "count": None,
    },
    "UploadQuota": _QUOTA_SAMPLE,
    "UploadSender": _SENDER_SAMPLE,
    "UploadSenders": {"results": [_SENDER_SAMPLE]},
    "UploadLimits": {"most_mb_a_day": 2048, "deletes_recordings": False},
    "UploadEnd": {
        "session_id": _SESSION,
        "status": "finalizing",
        "file_id": _FILE,
        "file_size": _SIZE,
        "sha256": _DIGEST,
        "content": None,
    },
    "NewUploadEnd": {"sha256": _DIGEST},
}
