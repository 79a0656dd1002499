"""The calls about databases, storages, schedules and files, and of the description itself."""

from config.openapi.calls import CONNECTION, LOCATION, Call, call, query
from config.openapi.samples import problem
from config.openapi.shapes import TEXT, listing, number, one_of

_IN_USE = problem(409, "in_use", "Backups lie at this storage. Delete them first.")
_AWAY = problem(409, "storage_unavailable", "The storage answered: Input/output error.")

RESOURCE_CALLS: dict[tuple[str, str], Call] = {
    ("backups.api.databases.DatabasesView", "get"): call(
        *("Databases", "listDatabases", "List databases"), gives="DatabasePage"
    ),
    ("backups.api.databases.DatabasesView", "post"): call(
        *("Databases", "createDatabase", "Register one"),
        gives="Database",
        status=201,
        takes="NewDatabase",
        description="Administrators. Nothing is connected to; see `test`. A storage of "
        "`copy_storages` that is not there is 404.",
        refuses=(404,),
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
        failure=CONNECTION,
    ),
    ("storage.api.views.TargetsView", "get"): call(
        *("Storages", "listStorages", "List storages"), gives="StoragePage"
    ),
    ("storage.api.views.TargetsView", "post"): call(
        *("Storages", "createStorage", "Add one"),
        gives="Storage",
        status=201,
        takes="NewStorage",
        description="Administrators. A folder is made when the first bytes come; nothing is "
        "connected to, see `test`. Of kind s3 it needs `bucket`, `access_key` and `secret_key`.",
        gives_headers=LOCATION,
    ),
    ("storage.api.views.TargetView", "get"): call(
        *("Storages", "readStorage", "Read one"), gives="Storage", refuses=(404,)
    ),
    ("storage.api.views.TargetView", "patch"): call(
        *(
            "Storages",
            "changeStorage",
            "Rename it, make it the default, or change how it is reached",
        ),
        gives="Storage",
        takes="StorageChanges",
        description="Administrators. Where it is never changes. `secret_key` is needed again when "
        "it would be used at another endpoint, or with another key.",
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
        description="Operators. What is wrong is told by `code`, such as `wrong_key`, `no_bucket`, "
        "`wrong_region`, `access_denied`, `unreachable`, `tls_failed`, `clock_skew`, `inner_host` "
        "or `not_supported`, and by a `cure`.",
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
        failure=CONNECTION,
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
