"""The calls about backups and their checks."""

from config.openapi.calls import CONNECTION, LOCATION, REFUSALS, Call, call, header, query
from config.openapi.samples import problem
from config.openapi.shapes import STATUSES, TEXT, VALIDATIONS, listing, number, one_of

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
    query("limit", number(1, 200, default=100)),
)
_DOWNLOADED = {
    "200": {"description": "All bytes.", "content": _BYTES, "headers": _DIGESTS},
    "206": {
        "description": "The part that was asked for.",
        "content": _BYTES,
        "headers": {**_DIGESTS, "Content-Range": {"schema": TEXT}},
    },
    "416": {"description": REFUSALS[416][0], "content": _BYTES},
}
_READY = problem(409, "not_ready", "This backup is over already.")
_CORRUPT = problem(422, "corrupt", "The stored bytes are not those that were written.")
_PROTECTED = problem(
    409, "protected", "This is the newest good or the newest proven backup of its database."
)
_RUNNING = problem(409, "already_running", "A backup of orders is running already.")

BACKUP_CALLS: dict[tuple[str, str], Call] = {
    ("backups.api.views.CreateView", "post"): call(
        *("Backups", "createBackup", "Make a backup"),
        gives="Backup",
        status=202,
        takes="NewBackup",
        description="Operators. It waits, runs, and is checked; watch it by its status. With an "
        "`Idempotency-Key` a request that is sent again, within a day, makes nothing new.",
        headers=(
            header(
                "Idempotency-Key",
                {"type": "string", "minLength": 1, "maxLength": 200},
                "Your own name for this request. The same key with another body is refused.",
                "nightly-2026-11-21",
            ),
        ),
        refuses=(404, 409, 422),
        conflict=_RUNNING,
        failure=CONNECTION,
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
        headers=(header("Range", TEXT, "One range of bytes (RFC 9110).", "bytes=0-1048575"),),
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
}
