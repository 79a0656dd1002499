"""Every call of schedules at work and of cleanups, as `config.openapi.calls` has the others."""

from config.openapi.calls import LOCATION, Call, call
from config.openapi.samples import problem

KEEPING_CALLS: dict[tuple[str, str], Call] = {
    ("backups.api.schedules.ScheduleRunView", "post"): call(
        *("Schedules", "runSchedule", "Make a backup as it does, now"),
        gives="Backup",
        status=202,
        description="Operators. Its own times stay as they are.",
        refuses=(404, 409, 422),
        conflict=problem(409, "already_running", "A backup of orders is running already."),
        failure=problem(422, "connection_failed", "The server does not answer."),
        gives_headers=LOCATION,
    ),
    ("backups.api.cleanup.CleanupView", "get"): call(
        *("Databases", "previewCleanup", "What stays and why, and what goes"),
        gives="CleanupPreview",
        refuses=(404,),
    ),
    ("backups.api.cleanup.CleanupView", "post"): call(
        *("Databases", "cleanDatabase", "Remove what has expired"),
        gives="Cleanup",
        takes="NewCleanup",
        description="Administrators. Of `named`, when it is given, and nothing else. A stopped "
        "cleanup removes nothing unless `confirmed`.",
        refuses=(404,),
    ),
}
