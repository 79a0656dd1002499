"""The calls of uploads and recordings, as `config.openapi.calls` has the others."""

from typing import Any

from config.openapi.calls import PROBLEM, SAMPLES, Call, call, query
from config.openapi.samples import problem
from config.openapi.shapes import TEXT, number, one_of, ref, text

_INCOMPLETE = {
    **problem(409, "incomplete", "7864320 of 15728640 bytes are here."),
    "bytes_received": 7864320,
    "file_size": 15728640,
}
_DIFFERS = problem(422, "sha256_differs", "What came has another sha256 than what was sent.")

_COMPANY = query("company", text(200), "With several: its id or name.")


def _gives(said: str, name: str) -> dict[str, Any]:
    content = {"application/json": {"schema": ref(name), "example": SAMPLES[name]}}
    return {"description": said, "content": content}


def _bytes(said: str, media_type: str) -> dict[str, Any]:
    return {
        "description": said,
        "content": {media_type: {"schema": {"type": "string", "format": "binary"}}},
    }


def _refuses(said: str, example: dict[str, Any]) -> dict[str, Any]:
    return {
        "description": said,
        "content": {PROBLEM: {"schema": ref("Problem"), "example": example}},
    }


SENDING_CALLS: dict[tuple[str, str], Call] = {
    ("uploads.api.sessions.CreateSessionView", "post"): call(
        *("Uploads", "createUploadSession", "Open a session to send a file"),
        takes="NewUploadSession",
        description="Agents and operators. The same file of the same `session_id` has one "
        "session: who lost the answer asks again. Names inside the two objects are kept. "
        "A `job_id` that is not there, or another agent's, is 404.",
        refuses=(404,),
        answers={
            "200": _gives("There is one of this file already.", "UploadSession"),
            "201": _gives("A new one.", "UploadSession"),
            "413": _refuses(
                "It is too large.",
                problem(413, "too_large", "Files of at most 10240 MB are taken."),
            ),
            "507": _refuses(
                "There is no room.",
                problem(507, "disk_full", "There is too little room on this machine."),
            ),
        },
    ),
    ("uploads.api.sessions.FinalizeView", "post"): call(
        *("Uploads", "finalizeUpload", "All of it was sent: check it and store it"),
        takes="NewUploadEnd",
        description="Safe to repeat.",
        refuses=(404, 409, 422),
        conflict=_INCOMPLETE,
        failure=_DIFFERS,
        answers={
            "200": _gives("It is stored.", "UploadEnd"),
            "202": _gives("It is being moved to the storage.", "UploadEnd"),
            "410": _refuses(
                "It has expired.",
                problem(410, "session_expired", "This session has expired; open a new one."),
            ),
        },
    ),
    ("uploads.api.sessions.StatusView", "get"): call(
        *("Uploads", "readUploadStatus", "Where it stands"), gives="UploadStatus", refuses=(404,)
    ),
    ("uploads.api.overview.UploadsView", "get"): call(
        *("Uploads", "listUploadSessions", "List uploads"),
        gives="UploadPage",
        description="Newest first: follow `next` until it is null. An agent sees its own.",
        asks=(
            query("state", one_of("active", "queue", "completed", "failed")),
            query("cursor", TEXT, "As in `next`: never made by hand."),
            query("limit", number(1, 200, default=50)),
        ),
        refuses=(400,),
    ),
    ("uploads.api.overview.StoreView", "post"): call(
        *("Uploads", "storeUploadAgain", "Store a failed one again"),
        description="Operators; while its bytes are here.",
        gives="UploadStatus",
        status=202,
        refuses=(404, 409),
        conflict=problem(409, "session_over", "Nothing of this upload is here any more."),
    ),
    ("uploads.api.overview.EndView", "post"): call(
        *("Uploads", "endUpload", "End one that is coming in"),
        description="Its sender, or an operator. What came is dropped.",
        gives="UploadStatus",
        refuses=(404, 409),
        conflict=problem(409, "session_over", "This upload is over, or being stored."),
    ),
    ("uploads.api.overview.QuotaView", "get"): call(
        *("Uploads", "readUploadQuota", "What you may send, and have sent"),
        description="A day is the last 24 hours.",
        gives="UploadQuota",
    ),
    ("uploads.api.overview.SendersView", "get"): call(
        *("Uploads", "listUploadSenders", "What agents may send, and have sent"),
        description="Administrators.",
        gives="UploadSenders",
    ),
    ("uploads.api.overview.SenderView", "get"): call(
        *("Uploads", "readUploadSender", "What one agent may send"),
        gives="UploadSender",
        refuses=(404,),
    ),
    ("uploads.api.overview.SenderView", "put"): call(
        *("Uploads", "limitUploadSender", "Say what one agent may send"),
        description="Administrators. What is left out stays; null: as the installation has it.",
        takes="UploadLimits",
        gives="UploadSender",
        refuses=(404,),
    ),
    ("uploads.api.recordings.RecordingsView", "get"): call(
        *("Uploads", "listRecordings", "List recordings"),
        gives="RecordingPage",
        description="Newest first, in pages by cursor: follow `next` until it is null. An agent "
        "sees its own.",
        asks=(
            *(query(name, TEXT) for name in ("con_codigo", "ip", "wats_user", "name", "search")),
            query("from", TEXT, "A day, which is included, or a time.", "2026-11-21"),
            query("to", TEXT, "A day, which is included, or a time.", "2026-11-21"),
            query("ordering", one_of("created_at", "-created_at")),
            query("cursor", TEXT, "As in `next`: never made by hand."),
            query("limit", number(1, 200, default=50)),
        ),
        refuses=(400,),
    ),
    ("uploads.api.retention.RetentionView", "get"): call(
        *("Uploads", "readRecordingRetention", "How long recordings stay, and what has expired"),
        description="Nothing is removed. `days` is null where they stay for ever, `own_days` where "
        "the installation's are used; `goes` has the oldest hundred.",
        gives="RecordingRetention",
        asks=(_COMPANY,),
        refuses=(400,),
    ),
    ("uploads.api.retention.RetentionView", "put"): call(
        *("Uploads", "setRecordingRetention", "Say how long they stay"),
        description="Administrators. 0: for ever; null: as the installation has it.",
        takes="RecordingDays",
        gives="RecordingRetention",
        asks=(_COMPANY,),
        refuses=(400,),
    ),
    ("uploads.api.retention.CleanupView", "post"): call(
        *("Uploads", "cleanRecordings", "Remove what has expired"),
        description="Administrators. With `before` (of the preview) nothing that came since then. "
        "Where it is `stopped` nothing goes unless `confirmed`.",
        takes="NewRecordingCleanup",
        gives="RecordingCleanup",
        asks=(_COMPANY,),
        refuses=(400,),
    ),
    ("uploads.api.recordings.RecordingView", "get"): call(
        *("Uploads", "readRecording", "Read one"),
        description="That you looked is written to the audit trail.",
        gives="Recording",
        refuses=(404,),
    ),
    ("uploads.api.recordings.RecordingView", "delete"): call(
        *("Uploads", "deleteRecording", "Delete one"),
        description="Administrators; an agent its own, with the scope recordings:delete.",
        status=204,
        refuses=(404,),
    ),
    ("uploads.api.recordings.ContentView", "get"): call(
        *("Uploads", "readRecordingContent", "Play or fetch its bytes"),
        description="With Range, so that a player can seek.",
        asks=(query("download", one_of("1"), "To be saved as a file."),),
        refuses=(404, 409, 416),
        conflict=problem(409, "storage_unavailable", "The storage answered: Input/output error."),
        answers={"200": _bytes("All of it.", "video/mp4"), "206": _bytes("A range.", "video/mp4")},
    ),
    ("uploads.api.recordings.ThumbnailView", "get"): call(
        *("Uploads", "readRecordingPicture", "A small picture of it"),
        refuses=(404,),
        answers={"200": _bytes("A JPEG.", "image/jpeg")},
    ),
}
