"""Every call of the API: what it takes, and each answer that it gives.

A key is a view's class and method. A route that is not named here is described by its
signature alone, and the tests say that its example is missing.
"""

from typing import Any

from config.openapi import keeping, received, recovering, restoring
from config.openapi.samples import SAMPLES as GENERAL
from config.openapi.samples import problem
from config.openapi.shapes import STATUSES, TEXT, VALIDATIONS, Shape, listing, number, one_of, ref

SAMPLES = {
    **GENERAL,
    **restoring.SAMPLES,
    **recovering.SAMPLES,
    **received.SAMPLES,
    **keeping.SAMPLES,
}

PROBLEM = "application/problem+json"
Call = dict[str, Any]

_REFUSALS: dict[int, tuple[str, dict[str, Any]]] = {
    400: (
        "A value cannot be used: `option` or `errors` names it.",
        problem(400, "bad_option", "limit must be a number from 1 to 200."),
    ),
    401: (
        "No token, or none that is valid.",
        problem(401, "not_authenticated", "Authentication credentials were not provided."),
    ),
    403: (
        "The role does not allow it.",
        problem(403, "not_allowed", "Your role does not allow this. Ask an administrator."),
    ),
    404: (
        "It is not there, or not for you.",
        problem(404, "not_found", "There is no such backup."),
    ),
    409: ("It cannot be now: the code says why.", {}),
    415: (
        "The body is not JSON.",
        problem(415, "unsupported_media_type", 'Unsupported media type "text/csv" in request.'),
    ),
    416: ("The range lies beyond the end.", {}),
    422: ("The work itself failed: the code says how.", {}),
    429: (
        "Too many requests; `Retry-After` says when to come again.",
        problem(429, "throttled", "Request was throttled. Expected available in 12 seconds."),
    ),
}
_RETRY = {"Retry-After": {"schema": {"type": "integer"}, "description": "Seconds."}}
_CONNECTION = problem(422, "connection_failed", "The server does not answer.")


def call(
    tag: str,
    operation_id: str,
    summary: str,
    *,
    gives: str | None = None,
    status: int = 200,
    takes: str | None = None,
    description: str = "",
    asks: tuple[Call, ...] = (),
    headers: tuple[Call, ...] = (),
    refuses: tuple[int, ...] = (),
    conflict: dict[str, Any] | None = None,
    failure: dict[str, Any] | None = None,
    answers: dict[str, Any] | None = None,
    gives_headers: dict[str, Any] | None = None,
) -> Call:
    found: Call = {"operationId": operation_id, "tags": [tag], "summary": summary}
    if description:
        found["description"] = description
    found["parameters"] = [*asks, *headers]
    if takes is not None:
        content = {"schema": ref(takes), "example": SAMPLES[takes]}
        found["requestBody"] = {
            "required": takes not in ("NewCheck", "NewRescan", "NewControlSet"),
            "content": {"application/json": content},
        }
    responses: dict[str, Any] = dict(answers or {})
    if not answers:
        responses[str(status)] = _given(gives, gives_headers)
    for code in sorted({401, 403, 429, *refuses, *((400, 415) if takes else ())}):
        example = {409: conflict, 422: failure}.get(code) or _REFUSALS[code][1]
        responses[str(code)] = _refused(code, example)
    found["responses"] = responses
    found["security"] = [{"token": []}, {"session": []}]
    return found


def _given(gives: str | None, headers: dict[str, Any] | None) -> dict[str, Any]:
    if gives is None:
        return {"description": "Done; there is nothing more to say."}
    content = {"application/json": {"schema": ref(gives), "example": SAMPLES[gives]}}
    found: dict[str, Any] = {"description": "As asked.", "content": content}
    return {**found, "headers": headers} if headers else found


def _refused(status: int, example: dict[str, Any]) -> dict[str, Any]:
    content: dict[str, Any] = {"schema": ref("Problem")}
    if example:
        content["example"] = example
    found: dict[str, Any] = {
        "description": _REFUSALS[status][0],
        "content": {PROBLEM: content},
    }
    return {**found, "headers": _RETRY} if status == 429 else found


def query(name: str, schema: Shape, description: str = "", example: Any = None) -> Call:
    found: Call = {"name": name, "in": "query", "schema": schema, "description": description}
    return found if example is None else {**found, "example": example}


def _header(name: str, schema: Shape, description: str, example: str) -> Call:
    return {
        "name": name,
        "in": "header",
        "schema": schema,
        "description": description,
        "example": example,
    }


LOCATION = {"Location": {"schema": {"type": "string", "format": "uri"}}}
_BYTES = {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}}
_DIGESTS = {
    "X-Checksum-SHA256": {"schema": TEXT, "description": "Of the whole, in hex."},
    "Repr-Digest": {"schema": TEXT, "description": "The same (RFC 9530)."},
    "Content-Disposition": {"schema": TEXT},
    "Accept-Ranges": {"schema": TEXT},
}
_REPLAYED = {
    **LOCATION,
    "Idempotent-Replayed": {"schema": TEXT, "description": "`true`: this was answered before."},
}
_LIST = (
    query("status", listing(one_of(*STATUSES)), "May be repeated."),
    query("validation", listing(one_of(*VALIDATIONS)), "May be repeated."),
    query("database", TEXT, "Id or name.", "orders"),
    query("search", TEXT, "A part of the file's name, name or label."),
    query("from", {"type": "string", "format": "date"}, "The first day.", "2026-11-01"),
    query("to", {"type": "string", "format": "date"}, "The last day.", "2026-11-21"),
    query("ordering", one_of("-created_at", "created_at")),
    query("cursor", TEXT, "As in `next` and `previous`: never made by hand."),
    query("limit", number(1, 200, default=50)),
)
_DOWNLOADED = {
    "200": {"description": "All bytes.", "content": _BYTES, "headers": _DIGESTS},
    "206": {
        "description": "The part that was asked for.",
        "content": _BYTES,
        "headers": {**_DIGESTS, "Content-Range": {"schema": TEXT}},
    },
    "416": {"description": _REFUSALS[416][0], "content": _BYTES},
}
_READY = problem(409, "not_ready", "This backup is over already.")
_CORRUPT = problem(422, "corrupt", "The stored bytes are not those that were written.")
_PROTECTED = problem(
    409, "protected", "This is the newest good or the newest proven backup of its database."
)
_IN_USE = problem(409, "in_use", "Backups lie at this storage. Delete them first.")
_AWAY = problem(409, "storage_unavailable", "The storage answered: Input/output error.")
_RUNNING = problem(409, "already_running", "A backup of orders is running already.")

CALLS: dict[tuple[str, str], Call] = {
    ("backups.api.views.CreateView", "post"): call(
        *("Backups", "createBackup", "Make a backup"),
        gives="Backup",
        status=202,
        takes="NewBackup",
        description="Operators. It waits, runs, and is checked; watch it by its status. With an "
        "`Idempotency-Key` a request that is sent again, within a day, makes nothing new.",
        headers=(
            _header(
                "Idempotency-Key",
                {"type": "string", "minLength": 1, "maxLength": 200},
                "Your own name for this request. The same key with another body is refused.",
                "nightly-2026-11-21",
            ),
        ),
        refuses=(404, 409, 422),
        conflict=_RUNNING,
        failure=_CONNECTION,
        gives_headers=_REPLAYED,
    ),
    ("backups.api.views.ListView", "get"): call(
        *("Backups", "listBackups", "List backups"),
        gives="BackupPage",
        description="Newest first, in pages by cursor: follow `next` until it is null.",
        asks=_LIST,
        refuses=(400,),
    ),
    ("backups.api.views.StatusView", "get"): call(
        *("Backups", "readBackupStatus", "Watch one"), gives="BackupStatus", refuses=(404,)
    ),
    ("backups.api.views.CancelView", "post"): call(
        *("Backups", "cancelBackup", "End what runs"),
        gives="Backup",
        status=202,
        description="The backup itself, or a check of it. Within seconds nothing half-written is "
        "left.",
        refuses=(404, 409),
        conflict=_READY,
    ),
    ("backups.api.checks.ValidateView", "post"): call(
        *("Backups", "validateBackup", "Check the stored bytes"),
        gives="Check",
        status=202,
        takes="NewCheck",
        description="`checksum` compares the bytes, `content` (default) reads them to their end, "
        "`restore` restores them into a throw-away server and compares it with the source.",
        refuses=(404, 409),
        conflict=problem(409, "already_running", "A check of this backup waits or runs already."),
        gives_headers=LOCATION,
    ),
    ("backups.api.checks.ValidateView", "get"): call(
        *("Backups", "readValidation", "What each level found last"),
        gives="Checks",
        refuses=(404,),
    ),
    ("backups.api.download.DownloadView", "get"): call(
        *("Backups", "downloadBackup", "Fetch the bytes"),
        description="Operators. Bytes that were not checked within a day are checked before the "
        "first one is sent. `opened` (administrators) is the archive decrypted and decompressed, "
        "for `pg_restore`; in one piece only. A connection that breaks says that it is not whole.",
        asks=(query("form", {**one_of("stored", "opened"), "default": "stored"}, "", "stored"),),
        headers=(_header("Range", TEXT, "One range of bytes (RFC 9110).", "bytes=0-1048575"),),
        refuses=(400, 404, 409, 422),
        conflict=problem(409, "not_ready", "This backup has no file to download."),
        failure=_CORRUPT,
        answers=_DOWNLOADED,
    ),
    ("backups.api.views.DetailView", "get"): call(
        *("Backups", "readBackup", "Read one"), gives="Backup", refuses=(404,)
    ),
    ("backups.api.views.DetailView", "patch"): call(
        *("Backups", "changeBackup", "Change its label, comment or pin"),
        gives="Backup",
        takes="BackupChanges",
        description="Operators; `held`, a legal hold, is for administrators. The stored file keeps "
        "its name.",
        refuses=(404,),
    ),
    ("backups.api.views.DetailView", "delete"): call(
        *("Backups", "deleteBackup", "Delete one"),
        status=204,
        description="Administrators. Never the newest good or the newest proven backup of a "
        "database, and never one under legal hold.",
        asks=(
            query(
                "force",
                {**one_of("true", "false"), "default": "false"},
                "Overrides a pin, and nothing else.",
                "true",
            ),
        ),
        refuses=(400, 404, 409),
        conflict=_PROTECTED,
    ),
    ("backups.api.databases.DatabasesView", "get"): call(
        *("Databases", "listDatabases", "List databases"), gives="DatabasePage"
    ),
    ("backups.api.databases.DatabasesView", "post"): call(
        *("Databases", "createDatabase", "Register one"),
        gives="Database",
        status=201,
        takes="NewDatabase",
        description="Administrators. Nothing is connected to; see `test`.",
        gives_headers=LOCATION,
    ),
    ("backups.api.databases.DatabaseView", "get"): call(
        *("Databases", "readDatabase", "Read one"), gives="Database", refuses=(404,)
    ),
    ("backups.api.databases.DatabaseView", "patch"): call(
        *("Databases", "changeDatabase", "Change one"),
        gives="Database",
        takes="DatabaseChanges",
        description="Administrators. With another host, port, user or TLS mode the password is "
        "to be given again.",
        refuses=(404,),
    ),
    ("backups.api.databases.DatabaseView", "delete"): call(
        *("Databases", "deleteDatabase", "Delete one with all of its backups"),
        status=204,
        description="Administrators. The newest good backup goes too.",
        asks=({**query("confirm", TEXT, "Its name.", "orders"), "required": True},),
        refuses=(400, 404, 409),
        conflict=problem(409, "held", "A backup of this database is under legal hold."),
    ),
    ("backups.api.databases.DatabaseTestView", "post"): call(
        *("Databases", "testDatabase", "Reach it"),
        gives="DatabaseFacts",
        description="Operators.",
        refuses=(404, 409, 422),
        conflict=problem(409, "secret_unreadable", "The stored password cannot be opened."),
        failure=_CONNECTION,
    ),
    ("storage.api.views.TargetsView", "get"): call(
        *("Storages", "listStorages", "List storages"), gives="StoragePage"
    ),
    ("storage.api.views.TargetsView", "post"): call(
        *("Storages", "createStorage", "Add one"),
        gives="Storage",
        status=201,
        takes="NewStorage",
        description="Administrators. Its folder is made when the first bytes come.",
        gives_headers=LOCATION,
    ),
    ("storage.api.views.TargetView", "get"): call(
        *("Storages", "readStorage", "Read one"), gives="Storage", refuses=(404,)
    ),
    ("storage.api.views.TargetView", "patch"): call(
        *("Storages", "changeStorage", "Rename it, or make it the default"),
        gives="Storage",
        takes="StorageChanges",
        description="Administrators. Where it is never changes.",
        refuses=(404,),
    ),
    ("storage.api.views.TargetView", "delete"): call(
        *("Storages", "deleteStorage", "Remove one at which nothing lies"),
        status=204,
        description="Administrators.",
        refuses=(404, 409),
        conflict=_IN_USE,
    ),
    ("storage.api.views.TargetTestView", "post"): call(
        *("Storages", "testStorage", "Write, read and delete a probe"),
        gives="Worked",
        description="Operators.",
        refuses=(404, 409),
        conflict=_AWAY,
    ),
    ("backups.api.schedules.SchedulesView", "get"): call(
        *("Schedules", "listSchedules", "List schedules"), gives="SchedulePage"
    ),
    ("backups.api.schedules.SchedulesView", "post"): call(
        *("Schedules", "createSchedule", "Add one"),
        gives="Schedule",
        status=201,
        takes="NewSchedule",
        description="Administrators. Give `cron` or `interval_minutes`. Without `retention` "
        "nothing is ever removed. The first of the storages gets the backup, the others stand in.",
        refuses=(404,),
        gives_headers=LOCATION,
    ),
    ("backups.api.schedules.ScheduleView", "get"): call(
        *("Schedules", "readSchedule", "Read one"), gives="Schedule", refuses=(404,)
    ),
    ("backups.api.schedules.ScheduleView", "patch"): call(
        *("Schedules", "changeSchedule", "Change one"),
        gives="Schedule",
        takes="ScheduleChanges",
        description="Administrators.",
        refuses=(404,),
    ),
    ("backups.api.schedules.ScheduleView", "delete"): call(
        *("Schedules", "deleteSchedule", "Remove one"),
        status=204,
        description="Administrators. The backups that it made stay.",
        refuses=(404,),
    ),
    ("backups.api.schedules.ScheduleTestView", "post"): call(
        *("Schedules", "testSchedule", "Reach its database and its storages"),
        gives="DatabaseFacts",
        description="Operators.",
        refuses=(404, 409, 422),
        conflict=_AWAY,
        failure=_CONNECTION,
    ),
    ("monitoring.files.api.views.FilesView", "get"): call(
        *("Files", "listFiles", "What runs, and what ended lately"),
        gives="Files",
        asks=(
            query(
                "kind",
                listing(
                    one_of(*("backup", "restore", "upload", "download", "drill", "copy", "deposit"))
                ),
                "May be repeated.",
            ),
            query("limit", number(1, 100, default=20), "Of each of the three."),
        ),
        refuses=(400,),
    ),
    ("monitoring.files.api.views.FileView", "get"): call(
        *("Files", "readFile", "One file with its log"),
        gives="FileWithLog",
        asks=(
            query("logs_limit", number(1, 5000, default=500)),
            query("logs_before", number(1, 2**63 - 1), "The id of a line: those before it."),
        ),
        refuses=(400, 404),
    ),
    ("config.openapi.views.SchemaView", "get"): call(
        *("Description", "readDescription", "This document, OpenAPI 3.1 as JSON"),
        gives="Description",
        refuses=(),
    ),
}
