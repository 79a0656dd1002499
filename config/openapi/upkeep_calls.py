"""Every call of copies and orphans, as `config.openapi.calls` has the others."""

from config.openapi.calls import LOCATION, Call, call
from config.openapi.samples import problem

UPKEEP_CALLS: dict[tuple[str, str], Call] = {
    ("backups.api.copies.CopyView", "post"): call(
        *("Backups", "copyBackup", "Copy it to a further storage"),
        gives="CopyRun",
        status=202,
        takes="NewCopy",
        description="Operators. Streamed once, compared with its sha256, and read back. A storage "
        "that is away is tried again with growing pauses.",
        refuses=(404, 409),
        conflict=problem(409, "not_ready", "A whole copy of this backup lies there already."),
        gives_headers=LOCATION,
    ),
    ("backups.api.copies.CopyView", "get"): call(
        *("Backups", "readCopies", "Which copies there are"), gives="Copies", refuses=(404,)
    ),
    ("backups.api.orphans.OrphansView", "get"): call(
        *("Storages", "listOrphans", "Files that belong to nothing"),
        gives="Orphans",
        refuses=(404,),
    ),
    ("backups.api.orphans.OrphansView", "post"): call(
        *("Storages", "lookForOrphans", "Look for them now"),
        gives="Orphans",
        takes="NewLook",
        description="Administrators. With `dry_run`, as it is by default, nothing is written. "
        "Otherwise as it is done by itself: what is found is kept in quarantine, and what was in "
        "it for its days goes.",
        refuses=(404, 409),
        conflict=problem(409, "storage_unavailable", "The storage answered: no such device."),
    ),
}
