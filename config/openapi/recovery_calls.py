"""The calls for when all is lost, as `config.openapi.calls` has the others."""

from config.openapi.calls import Call, call
from config.openapi.samples import problem

RECOVERY_CALLS: dict[tuple[str, str], Call] = {
    ("backups.api.rescan.RescanView", "post"): call(
        *("Storages", "rescanStorage", "Rebuild the registry from the manifests"),
        gives="Rescan",
        takes="NewRescan",
        description="Administrators. Backups that lie there and are not known become known, "
        "unchecked; what disagrees with its row is named and left as it is. Without `dry_run: "
        "false` nothing is changed. It ends after 20 seconds; a large storage is better rescanned "
        "on the server: `manage.py backup rescan`.",
        refuses=(404, 409),
        conflict=problem(409, "storage_unavailable", "The storage answered: Input/output error."),
    ),
    ("controlplane.api.views.SetsView", "get"): call(
        *("Holdfast", "listControlSets", "What Holdfast itself can be recovered from"),
        gives="ControlSets",
        description="Administrators of all companies.",
    ),
    ("controlplane.api.views.SetsView", "post"): call(
        *("Holdfast", "createControlSet", "Back Holdfast itself up"),
        gives="ControlSet",
        status=202,
        takes="NewControlSet",
        description="Administrators of all companies. It happens daily by itself.",
        refuses=(404, 409),
        conflict=problem(409, "already_running", "A set waits or runs already."),
    ),
}
