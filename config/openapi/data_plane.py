"""The calls of the data plane, which no view of Django's answers: files, whole or piece by piece.

Keyed by route and method, as `uploads.ingest.routes` has them; a test compares both.
"""

from typing import Any

from config.openapi.calls import PROBLEM, SAMPLES, Call, call, header, query
from config.openapi.samples import problem
from config.openapi.shapes import TEXT, number, one_of, ref

_BINARY = {"schema": {"type": "string", "format": "binary"}}
_SESSION: Call = {
    "name": "session_id",
    "in": "path",
    "required": True,
    "schema": {"type": "string", "maxLength": 250},
    "description": "Holdfast's id of the session, or the agent's own.",
    "example": "rdp_123_1729950022",
}
_TUS: Call = {
    "name": "Tus-Resumable",
    "in": "header",
    "schema": {"type": "string", "const": "1.0.0"},
    "example": "1.0.0",
}
_OFFSET = {
    "Upload-Offset": {"schema": {"type": "integer"}, "description": "How many bytes are here."},
    "Upload-Expires": {"schema": TEXT, "description": "Until when they are kept."},
}
_OVERRIDE = header(
    *("X-HTTP-Method-Override", one_of("HEAD", "PATCH", "DELETE")),
    "The method that is meant, for clients of tus whose line lets only POST by.",
    "PATCH",
)
_SAID = {"Upload-Metadata": {"schema": TEXT, "description": "What its creation by tus said."}}
_RANGE = header(
    *("Content-Range", TEXT, "Where a body goes on that is no whole one: where the server stands."),
    "bytes 7864320-15728639/15728640",
)
_TAKEN_OVER = problem(409, "taken_over", "A newer request has taken over.")
_REFUSED = {
    "410": ("The upload is over.", problem(410, "session_expired", "It came to an end.")),
    "412": ("Another version of tus.", problem(412, "tus_version", "Only tus 1.0.0 is spoken.")),
    "413": ("It is too large.", problem(413, "too_large", "At most 15728640 bytes are taken.")),
    "415": ("Not of a kind that is taken.", problem(415, "unsupported_type", "file_type is …")),
    "422": ("It is not what it is said to be.", problem(422, "wrong_content", "This is no video.")),
    "423": ("Another request writes it.", problem(423, "busy", "Another request writes this.")),
    "507": ("There is no room.", problem(507, "disk_full", "There is too little room.")),
}


def _answers(good: dict[str, Any], *refused: str) -> dict[str, Any]:
    bad = {
        code: {
            "description": _REFUSED[code][0],
            "content": {PROBLEM: {"schema": ref("Problem"), "example": _REFUSED[code][1]}},
        }
        for code in refused
    }
    return {**good, **bad}


def _needed(name: str, least: int, said: str) -> Call:
    return {**header(name, number(least, 1 << 50), said, "7864320"), "required": True}


def _whole(
    operation_id: str,
    what: str,
    *,
    form: bool,
    asks: tuple[Call, ...] = (),
    headers: tuple[Call, ...] = (),
) -> Call:
    example = {**SAMPLES["UploadStatus"], "part": "file", "sha256": SAMPLES["UploadEnd"]["sha256"]}
    sent = {"application/json": {"schema": ref("UploadTaken"), "example": example}}
    found = call(
        *("Uploads", operation_id, f"Send {what} whole"),
        description="The body goes to the disk as it comes; what is acknowledged is flushed. Sent "
        "again it goes on behind what is here.",
        asks=asks,
        headers=(_RANGE, *headers),
        refuses=(400, 404, 409),
        conflict=_TAKEN_OVER,
        answers=_answers(
            {"200": {"description": "All of it is here.", "content": sent}},
            *("410", "413", "415", "422", "423", "507"),
        ),
    )
    content: dict[str, Any] = {"application/octet-stream": _BINARY}
    if form:
        content["multipart/form-data"] = {"schema": ref("UploadForm")}
    found["requestBody"] = {"required": True, "content": content}
    return found


def _resource(name: str, what: str) -> dict[str, Call]:
    """What tus 1.0.0 says of an upload, and the whole body besides."""
    append = call(
        *("Uploads", f"append{name}", f"Append a piece of {what}"),
        description="tus 1.0.0. Of an upload that a plain tus client opened the last byte is its "
        "finalize.",
        headers=(
            _TUS,
            _needed("Upload-Offset", 0, "Where this piece begins: where the server stands."),
            header("Upload-Checksum", TEXT, "sha1, sha256 or md5, in base64.", "sha1 Kq5sNc="),
        ),
        refuses=(400, 404, 409),
        conflict=problem(409, "wrong_offset", "7864320 bytes are here."),
        answers=_answers(
            {"204": {"description": "It is here.", "headers": _OFFSET}},
            *("410", "412", "413", "415", "422", "423", "507"),
        ),
    )
    append["requestBody"] = {
        "required": True,
        "content": {"application/offset+octet-stream": _BINARY},
    }
    stand = call(
        *("Uploads", f"find{name}", f"How much of {what} is here"),
        headers=(_TUS,),
        refuses=(404,),
        answers=_answers(
            {"200": {"description": "As its headers say.", "headers": {**_OFFSET, **_SAID}}},
            *("410", "412", "423"),
        ),
    )
    end = call(
        *("Uploads", f"end{name}", "End the upload, and drop what came"),
        headers=(_TUS,),
        refuses=(404, 409),
        conflict=problem(409, "session_over", "This upload is over, or being stored."),
        answers=_answers({"204": {"description": "It is gone."}}, "410", "412"),
    )
    return {
        "post": _whole(f"send{name}", what, form=True, headers=(_OVERRIDE,)),
        "put": _whole(f"put{name}", what, form=False),
        "head": stand,
        "patch": append,
        "delete": end,
    }


_TYPE = query("file_type", one_of("video", "metadata", "backup"), "What is sent.", "video")

DATA_PLANE: dict[str, dict[str, Call]] = {
    "creation": {
        "post": call(
            *("Uploads", "createTusUpload", "Open an upload by tus"),
            description="Creation and creation-with-upload of tus 1.0.0. Its metadata may have "
            "`filename`, `session_id`, `sha256`, `kind` and `job_id`, as for a session.",
            headers=(
                _TUS,
                _needed("Upload-Length", 1, "Of the whole file, in bytes."),
                header("Upload-Metadata", TEXT, "Names and values in base64.", "filename YS5tcDQ="),
            ),
            refuses=(400, 404),
            answers=_answers(
                {
                    "201": {
                        "description": "It is open.",
                        "headers": {**_OFFSET, "Location": {"schema": TEXT}},
                    }
                },
                *("412", "413", "507"),
            ),
        )
    },
    "resource": _resource("TusUpload", "the file"),
    "video": _resource("Video", "the video or the backup"),
    "metadata": _resource("Metadata", "the metadata"),
    "whole": {
        "post": _whole(
            "sendUploadFile", "the file, its metadata or both", form=True, asks=(_TYPE,)
        ),
        "put": _whole("putUploadFile", "the file or its metadata", form=False, asks=(_TYPE,)),
    },
}


def with_data_plane(result: dict[str, Any], **_more: Any) -> dict[str, Any]:
    """The description with these calls among the others."""
    from uploads.ingest.routes import ROUTES

    for route in ROUTES:
        of_path = [_SESSION] if "{session_id}" in route.pattern else []
        result["paths"][route.pattern] = {
            method: {**found, "parameters": [*of_path, *found["parameters"]]}
            for method, found in DATA_PLANE[route.name].items()
        }
    result["paths"] = dict(sorted(result["paths"].items()))
    return result
