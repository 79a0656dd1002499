"""Every call of restores, as `config.openapi.calls` has the others."""

from config.openapi.calls import CONNECTION, LOCATION, SAMPLES, Call, call, query
from config.openapi.samples import problem
from config.openapi.shapes import TEXT, number, ref

_NOTHING_KEPT = problem(409, "not_ready", "Nothing is kept of this restore.")

RESTORE_CALLS: dict[tuple[str, str], Call] = {
    ("restores.api.views.RestoresView", "post"): call(
        *("Restores", "createRestore", "Restore a backup as a new database, or in place of one"),
        takes="NewRestore",
        description="Operators; administrators in place of a protected database. With `dry_run` "
        "only the preflight is answered.",
        refuses=(404, 409, 422),
        conflict=problem(409, "preflight_blocked", "There is a database of this name already."),
        failure=CONNECTION,
        answers={
            "200": {
                "description": "The preflight.",
                "content": {
                    "application/json": {
                        "schema": ref("Preflight"),
                        "example": SAMPLES["Preflight"],
                    }
                },
            },
            "202": {
                "description": "It waits for a worker.",
                "content": {
                    "application/json": {"schema": ref("Restore"), "example": SAMPLES["Restore"]}
                },
                "headers": LOCATION,
            },
        },
    ),
    ("restores.api.views.RestoresView", "get"): call(
        *("Restores", "listRestores", "List restores"),
        gives="RestorePage",
        description="Newest first, in pages by cursor: follow `next` until it is null.",
        asks=(
            query("cursor", TEXT, "As in `next`: never made by hand."),
            query("limit", number(1, 200, default=100)),
        ),
        refuses=(400, 404),
    ),
    ("restores.api.views.RestoreView", "get"): call(
        *("Restores", "readRestore", "Read one"), gives="Restore", refuses=(404,)
    ),
    ("restores.api.views.StatusView", "get"): call(
        *("Restores", "readRestoreStatus", "Watch one"), gives="RestoreStatus", refuses=(404,)
    ),
    ("restores.api.views.CancelView", "post"): call(
        *("Restores", "cancelRestore", "End it; nothing of it stays"),
        gives="Restore",
        status=202,
        refuses=(404, 409),
        conflict=problem(409, "not_ready", "This restore is over already."),
    ),
    ("restores.api.views.ApproveView", "post"): call(
        *("Restores", "approveRestore", "Let the replacement of a protected database begin"),
        description="Another administrator than who asked, within 24 hours.",
        gives="Restore",
        status=202,
        refuses=(404, 409, 422),
        conflict=problem(409, "not_ready", "This restore does not wait for an approval."),
        failure=CONNECTION,
    ),
    ("restores.api.views.ConfirmView", "post"): call(
        *("Restores", "confirmRestore", "Drop the database that was kept"),
        gives="Restore",
        status=202,
        refuses=(404, 409),
        conflict=_NOTHING_KEPT,
    ),
    ("restores.api.views.UndoView", "post"): call(
        *("Restores", "undoRestore", "Give the name back to the database that had it"),
        description="Administrators. What was restored is kept in its turn.",
        gives="Restore",
        status=202,
        refuses=(404, 409),
        conflict=_NOTHING_KEPT,
    ),
}
