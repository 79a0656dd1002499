"""The calls of received files: shapes, samples and answers."""

from config.openapi.calls import LOCATION, Call, call, query
from config.openapi.received import SAMPLES as _OWN
from config.openapi.samples import problem
from config.openapi.shapes import TEXT, ref, text

_CONFLICT = problem(409, "not_ready", "A restore of this file waits or runs.")
_TOO_LARGE = problem(413, "too_large", "Files of at most 10240 MB are taken.")

_created = call(
    *("Restores", "uploadFile", "Send a file to be restored"),
    description="Operators. The body is the file itself: a dump of pg_dump, in whatever it is "
    "packed. It is kept for a day.",
    asks=(
        query("name", TEXT, "What it is called: shown, never a part of a path.", "shop.dump.gz"),
        query("company", text(200), "With several: its id or name."),
    ),
    refuses=(400, 409),
    conflict=problem(409, "disk_full", "There is too little room on this machine for the file."),
    answers={
        "201": {
            "description": "It is here, whole.",
            "content": {
                "application/json": {
                    "schema": ref("ReceivedFile"),
                    "example": _OWN["ReceivedFile"],
                }
            },
            "headers": LOCATION,
        },
        "413": {
            "description": "It is too large.",
            "content": {
                "application/problem+json": {"schema": ref("Problem"), "example": _TOO_LARGE}
            },
        },
    },
)
_created["requestBody"] = {
    "required": True,
    "content": {
        "application/octet-stream": {"schema": {"type": "string", "format": "binary"}},
    },
}

UPLOAD_CALLS: dict[tuple[str, str], Call] = {
    ("restores.received.api.UploadsView", "post"): _created,
    ("restores.received.api.UploadsView", "get"): call(
        *("Restores", "listUploads", "List the files that can be restored"),
        gives="ReceivedFiles",
    ),
    ("restores.received.api.UploadView", "get"): call(
        *("Restores", "readUpload", "Read one"), gives="ReceivedFile", refuses=(404,)
    ),
    ("restores.received.api.UploadView", "delete"): call(
        *("Restores", "deleteUpload", "Delete it before its day is over"),
        status=204,
        refuses=(404, 409),
        conflict=_CONFLICT,
    ),
}
