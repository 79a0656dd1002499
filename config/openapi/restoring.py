"""The calls of restores: shapes, samples and answers."""

from typing import Any

from config.openapi.samples import STAGE
from config.openapi.shapes import (
    COUNT,
    FLAG,
    MOMENT,
    NUMBER,
    STATUSES,
    TEXT,
    TLS_MODES,
    UUID,
    Shape,
    answer,
    body,
    listing,
    maybe,
    number,
    one_of,
    page,
    ref,
    text,
)

_ID = "0b9a3f0e-6a55-4a4f-9a3c-0d1f3c5e7a21"
_BACKUP = "9875d6db-4a4e-4454-8287-a88294a5769d"
_AT = "2026-11-21T03:00:00Z"

_STATUSES = ("awaiting_approval", *STATUSES, "undone")
# Of `restores.replacing.wanted`.
_LONGEST_KEEPING = 3650

_NAMES = listing(text(200), maxItems=500)
_OPTIONS: dict[str, Shape] = {
    "owner": text(
        63,
        default="keep",
        description="`keep`: owners and grants as at the source; `none`: all belongs to the "
        "connection's user, without grants; else a role of the server that it all belongs to.",
    ),
    "no_privileges": {**FLAG, "default": False, "description": "Owners without grants."},
    "missing_roles": {
        **one_of("refuse", "create"),
        "default": "refuse",
        "description": "`create`: without login; they stay.",
    },
    "role_map": {
        "type": "object",
        "additionalProperties": text(63),
        "description": "Roles of the server in place of those of the backup.",
    },
    "globals": {
        **FLAG,
        "default": False,
        "description": "Make the roles of a backup with `include_globals` that the server lacks, "
        "without login and powers. None that is there is changed.",
    },
    "schemas": _NAMES,
    "tables": {
        **_NAMES,
        "description": "`table` or `schema.table`; `*` for any characters. Each comes with what "
        "belongs to it; what it needs besides comes without rows.",
    },
    "schema_only": {**FLAG, "default": False},
    "data_only": {"const": False, "description": "A new database has no tables for rows alone."},
    "jobs": number(
        1,
        16,
        default=1,
        description="Beside each other, from the archive unpacked to a file without a name.",
    ),
    "analyze": {**FLAG, "default": True},
}

_CONNECTION: Shape = {
    **body(
        ("host", "username"),
        host=text(255),
        port=number(1, 65535, default=5432),
        username=text(255),
        password=text(1000, least=0, writeOnly=True, description="Forgotten at the end."),
        database_name=text(255, default="postgres", description="One that is there."),
        tls_mode={**one_of(*TLS_MODES), "default": "prefer"},
    ),
    "description": "A server that is not registered. Administrators.",
}

SHAPES: dict[str, Shape] = {
    "KeptDatabase": answer(
        name=TEXT,
        until=maybe(MOMENT),
        errand=maybe(one_of("undo", "drop")),
        errand_error=maybe(TEXT),
    ),
    "SafetyBackup": answer(id=UUID, status=TEXT, validation=TEXT),
    "PreflightCheck": answer(
        code=TEXT, level=one_of("ok", "warning", "blocking"), message=TEXT, detail=TEXT
    ),
    "Preflight": answer(possible=FLAG, preflight=listing(ref("PreflightCheck"))),
    "Restore": answer(
        id=UUID,
        source={
            "type": "object",
            "properties": {
                "file_name": TEXT,
                "backup": UUID,
                "upload": UUID,
                "path": TEXT,
                "contents": {"type": "object"},
            },
            "required": ["file_name"],
        },
        target=answer(server=UUID, server_name=TEXT, database=TEXT, mode=one_of("new", "replace")),
        options={"type": "object"},
        status=one_of(*_STATUSES),
        progress=maybe(NUMBER),
        file=maybe(UUID),
        stages=listing(ref("Stage")),
        preflight=listing(ref("PreflightCheck")),
        created_by=maybe(TEXT),
        approved_by=maybe(TEXT),
        created_at=MOMENT,
        started_at=maybe(MOMENT),
        completed_at=maybe(MOMENT),
        old_database=maybe(ref("KeptDatabase")),
        safety_backup=maybe(ref("SafetyBackup")),
        result={"type": ["object", "null"]},
        error=maybe(ref("BackupError")),
    ),
    "RestorePage": page("Restore"),
    "RestoreStatus": answer(
        id=UUID,
        status=one_of(*_STATUSES),
        progress=maybe(NUMBER),
        stages=listing(ref("Stage")),
        bytes_done=maybe(COUNT),
        bytes_total=maybe(COUNT),
        error=maybe(ref("BackupError")),
    ),
    "NewRestore": body(
        ("source", "target"),
        source={
            **body((), backup=UUID, upload=text(80), path=text(4000)),
            "minProperties": 1,
            "maxProperties": 1,
            "description": "A backup; a file that was sent to `/api/restores/uploads`, by its id "
            "or by that of the session in which it was sent; or, for administrators, the full "
            "path of a file under a configured folder.",
        },
        target=body(
            ("server", "database"),
            server={
                "oneOf": [
                    text(200, description="The database, by id or name, whose server it goes to."),
                    _CONNECTION,
                ]
            },
            database=text(
                63, description="Its name there: a free one, or with `replace` the one to replace."
            ),
            mode=one_of("new", "replace"),
        ),
        **_OPTIONS,
        accept_plain_sql={
            **FLAG,
            "default": False,
            "description": "An administrator lets plain SQL from elsewhere run.",
        },
        accept_extensions={
            **FLAG,
            "default": False,
            "description": "An administrator lets the connection's user make the extensions of "
            "a file from elsewhere that only a superuser can make.",
        },
        dry_run={**FLAG, "default": False, "description": "Only look; touch nothing."},
        confirm=text(63, description="With `replace`: the name of the database, typed again."),
        safety_backup={
            **FLAG,
            "description": "With `replace`: first a backup of what is there. True when left out.",
        },
        keep_old_days=number(1, _LONGEST_KEEPING, description="With `replace`: 7 when left out."),
    ),
}

_CHECK = {"code": "name", "level": "ok", "message": "The name is free.", "detail": ""}
_RESTORE: dict[str, Any] = {
    "id": _ID,
    "source": {"backup": _BACKUP, "file_name": "orders_20261121T030000Z.dump.age"},
    "target": {
        "server": _ID,
        "server_name": "orders",
        "database": "orders_restored",
        "mode": "new",
    },
    "options": {
        "owner": "keep",
        "no_privileges": False,
        "missing_roles": "refuse",
        "role_map": {},
        "globals": False,
        "schemas": [],
        "tables": [],
        "schema_only": False,
        "jobs": 1,
        "analyze": True,
    },
    "status": "pending",
    "progress": 0.0,
    "file": _ID,
    "stages": [STAGE],
    "preflight": [_CHECK],
    "created_by": "otto",
    "approved_by": None,
    "created_at": _AT,
    "started_at": None,
    "completed_at": None,
    "old_database": None,
    "safety_backup": None,
    "result": None,
    "error": None,
}
SAMPLES: dict[str, Any] = {
    "Restore": _RESTORE,
    "RestorePage": {"results": [_RESTORE], "next": None, "previous": None, "count": None},
    "RestoreStatus": {
        "id": _ID,
        "status": "running",
        "progress": 41.5,
        "stages": [STAGE],
        "bytes_done": 104857600,
        "bytes_total": 402223016,
        "error": None,
    },
    "Preflight": {"possible": True, "preflight": [_CHECK]},
    "NewRestore": {
        "source": {"backup": _BACKUP},
        "target": {"server": "orders", "database": "orders_restored", "mode": "new"},
        "owner": "keep",
    },
}
