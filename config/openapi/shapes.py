"""The shapes of answers and bodies as JSON Schema 2020-12. Constants only.

Answers may gain fields, so they are open; bodies are closed, for a mistyped name is refused.
"""

from typing import Any

Shape = dict[str, Any]

TEXT: Shape = {"type": "string"}
FLAG: Shape = {"type": "boolean"}
NUMBER: Shape = {"type": "number"}
COUNT: Shape = {"type": "integer", "minimum": 0}
UUID: Shape = {"type": "string", "format": "uuid"}
MOMENT: Shape = {"type": "string", "format": "date-time"}


def maybe(shape: Shape) -> Shape:
    if "type" in shape:
        return {**shape, "type": [shape["type"], "null"]}
    return {"oneOf": [shape, {"type": "null"}]}


def one_of(*values: str | None) -> Shape:
    return {"enum": list(values)}


def listing(shape: Shape, **more: Any) -> Shape:
    return {"type": "array", "items": shape, **more}


def ref(name: str) -> Shape:
    return {"$ref": f"#/components/schemas/{name}"}


def answer(**fields: Shape) -> Shape:
    """Every field is always there."""
    return {"type": "object", "properties": fields, "required": list(fields)}


def body(required: tuple[str, ...], /, **fields: Shape) -> Shape:
    found: Shape = {"type": "object", "properties": fields, "additionalProperties": False}
    return {**found, "required": list(required)} if required else found


def text(longest: int, *, least: int = 1, **more: Any) -> Shape:
    return {"type": "string", "minLength": least, "maxLength": longest, **more}


def number(low: int, high: int, **more: Any) -> Shape:
    return {"type": "integer", "minimum": low, "maximum": high, **more}


STATUSES = ("pending", "running", "completed", "failed", "cancelled")
VALIDATIONS = ("unchecked", "good", "partial", "proven", "corrupt", "missing")
LEVELS = ("checksum", "content", "restore")
TLS_MODES = ("disable", "prefer", "require", "verify-full")
RETENTION = ("last", "days", "hourly", "daily", "weekly", "monthly", "yearly")
LARGEST = 2**31 - 1

_NAMED = answer(id=UUID, name=TEXT)
_COMPANY = answer(id={"type": "integer"}, name=TEXT)
_NAMES = listing(text(200), maxItems=500)

_OPTIONS: dict[str, Shape] = {
    "schemas": _NAMES,
    "exclude_schemas": _NAMES,
    "tables": {**_NAMES, "description": "`table` or `schema.table`; `*` for any characters."},
    "exclude_tables": _NAMES,
    "exclude_table_data": _NAMES,
    "schema_only": FLAG,
    "data_only": FLAG,
    "no_owner": FLAG,
    "no_privileges": FLAG,
    "compression": {
        "type": "object",
        "properties": {"method": {"const": "zstd"}, "level": number(1, 19)},
        "additionalProperties": False,
    },
    "fingerprint": {
        **one_of("full", "counts", "none"),
        "description": "Only `full` can be proven by a restore drill.",
    },
    "label": text(40, least=0, pattern="^([A-Za-z0-9][A-Za-z0-9_-]{0,39})?$"),
    "comment": text(2000, least=0),
    "format": {"const": "custom", "description": "Others come later."},
    "encrypt": {"const": True},
    "jobs": {"const": 1},
    "include_globals": {"const": False},
}
_DATABASE: dict[str, Shape] = {
    "name": text(100),
    "host": text(255, description="A host name, an address, or a socket folder."),
    "port": number(1, 65535, default=5432),
    "database_name": text(255, description="Its name on the server."),
    "username": text(255),
    "password": text(1000, least=0, writeOnly=True, description="Kept encrypted, never shown."),
    "tls_mode": {**one_of(*TLS_MODES), "default": "prefer"},
    "drill_every": number(0, LARGEST, default=1, description="Drill each Nth backup; 0: none."),
    "drill_days": maybe(number(1, LARGEST)),
    "retention": maybe(ref("RetentionBody")),
    "protected": {
        **FLAG,
        "default": False,
        "description": "A restore in its place needs another administrator's approval.",
    },
}
_SCHEDULE: dict[str, Shape] = {
    "name": text(100),
    "enabled": {**FLAG, "default": True},
    "cron": maybe(text(200, description="minute hour day month weekday")),
    "interval_minutes": maybe(number(1, 527_040)),
    "time_zone": text(64, default="UTC", description="Of cron, as in Europe/Berlin."),
    "options": {"type": "object", "description": "Those of a backup; see `BackupOptions`."},
    "storages": listing(text(100), maxItems=20, description="Ids or names."),
    "retention": maybe(ref("RetentionBody")),
    "window": maybe(ref("WindowBody")),
    "jitter_minutes": number(0, 1440, default=0, description="Starts are spread over so many."),
    "retries": number(0, 10, default=2, description="Of connections and storages that are away."),
    "retry_minutes": number(1, 1440, default=5, description="Before the first; then doubled."),
}
_WHERE = text(100, description="Id or name.")
_WHOSE = text(200, description="Id or name; needed where you manage several companies.")


def page(shape: str) -> Shape:
    """`next` and `previous` are addresses; a count that would read every row is null."""
    return answer(
        results=listing(ref(shape)),
        next=maybe({"type": "string", "format": "uri"}),
        previous=maybe({"type": "string", "format": "uri"}),
        count=maybe(COUNT),
    )


_PROBLEM = answer(type=TEXT, title=TEXT, status={"type": "integer"}, code=TEXT, detail=TEXT)
_PROBLEM["properties"].update(
    option={**TEXT, "description": "Which parameter or option cannot be used."},
    cure={**TEXT, "description": "What to do."},
    errors={"type": "object", "description": "Sentences by the field's name."},
)
_STAGE = answer(
    id=TEXT,
    name=TEXT,
    description=TEXT,
    status=one_of("pending", "in_progress", "completed", "failed"),
    startTime=maybe(MOMENT),
    endTime=maybe(MOMENT),
    steps=listing(ref("Step")),
    progress=NUMBER,
)
_ERROR = answer(code=TEXT, message=TEXT)

SHAPES: dict[str, Shape] = {
    "Problem": _PROBLEM,
    "BackupError": _ERROR,
    "BackupOptions": {"type": "object", "properties": _OPTIONS, "additionalProperties": False},
    "Validation": answer(
        status=one_of(*VALIDATIONS),
        level=one_of(*LEVELS, None),
        checked_at=maybe(MOMENT),
        detail=maybe(TEXT),
    ),
    "Copy": answer(
        storage=TEXT,
        status=one_of("stored", "corrupt", "missing", "deleted"),
        checked_at=maybe(MOMENT),
    ),
    "Backup": answer(
        id=UUID,
        database=_NAMED,
        name=TEXT,
        file_name=TEXT,
        label=TEXT,
        comment=TEXT,
        status=one_of(*STATUSES),
        created_at=MOMENT,
        started_at=maybe(MOMENT),
        completed_at=maybe(MOMENT),
        created_by=maybe(TEXT),
        trigger=one_of("manual", "schedule", "api", "cli", "agent"),
        options={"type": "object"},
        size_bytes=maybe(COUNT),
        source_bytes=maybe(COUNT),
        sha256=maybe({**TEXT, "pattern": "^[0-9a-f]{64}$"}),
        compression=maybe(TEXT),
        encrypted=FLAG,
        copies=listing(ref("Copy")),
        server_version=maybe(TEXT),
        validation=ref("Validation"),
        error=maybe(ref("BackupError")),
        pinned=FLAG,
        held=FLAG,
    ),
    "BackupPage": page("Backup"),
    "BackupStatus": answer(
        id=UUID,
        status=one_of(*STATUSES),
        progress={**NUMBER, "minimum": 0, "maximum": 100},
        stages=listing({"type": "object"}),
        bytes_done=maybe(COUNT),
        bytes_total=maybe(COUNT),
        rate=maybe({**COUNT, "description": "Bytes a second."}),
        eta_seconds=maybe(COUNT),
        error=maybe(ref("BackupError")),
    ),
    "Check": answer(
        id=UUID,
        backup=UUID,
        level=one_of(*LEVELS),
        status=one_of(*STATUSES),
        progress=maybe(NUMBER),
        file=maybe(UUID),
        created_at=MOMENT,
        completed_at=maybe(MOMENT),
        outcome=one_of(*VALIDATIONS, None),
        detail=maybe(TEXT),
        differences={"type": "array"},
        missing={"type": "array"},
        restore_seconds=maybe(NUMBER),
        server_version=maybe(TEXT),
        error=maybe(ref("BackupError")),
    ),
    "LevelResult": answer(passed=FLAG, checked_at=MOMENT, detail=maybe(TEXT)),
    "Checks": answer(
        id=UUID,
        validation=ref("Validation"),
        levels=answer(**{level: maybe(ref("LevelResult")) for level in LEVELS}),
        check=maybe(ref("Check")),
    ),
    "Database": answer(
        id=UUID,
        company=_COMPANY,
        name=TEXT,
        engine=one_of("postgresql"),
        host=TEXT,
        port={"type": "integer"},
        database_name=TEXT,
        username=TEXT,
        has_password=FLAG,
        tls_mode=one_of(*TLS_MODES),
        drill_every=COUNT,
        drill_days=maybe(COUNT),
        retention=maybe(ref("Retention")),
        cleanup_stopped=maybe(TEXT),
        protected=FLAG,
        created_at=MOMENT,
    ),
    "DatabasePage": page("Database"),
    "DatabaseFacts": answer(ok={"const": True}, server_version=TEXT, size_bytes=COUNT),
    "Storage": answer(
        id=UUID,
        company=_COMPANY,
        name=TEXT,
        kind=one_of("local"),
        options={"type": "object"},
        is_default=FLAG,
        created_at=MOMENT,
    ),
    "StoragePage": page("Storage"),
    "Worked": answer(ok={"const": True}),
    "Retention": answer(**{name: maybe(COUNT) for name in RETENTION}),
    "Schedule": answer(
        id=UUID,
        company=_COMPANY,
        database=_NAMED,
        name=TEXT,
        enabled=FLAG,
        cron=maybe(TEXT),
        interval_minutes=maybe(COUNT),
        time_zone=TEXT,
        window=maybe(answer(**{"from": TEXT, "to": TEXT})),
        jitter_minutes=COUNT,
        retries=COUNT,
        retry_minutes=COUNT,
        options={"type": "object"},
        storages=listing(_NAMED),
        retention=maybe(ref("Retention")),
        next_runs=listing(MOMENT),
        last_run=maybe(ref("ScheduleRun")),
        created_at=MOMENT,
    ),
    "SchedulePage": page("Schedule"),
    "Step": answer(
        id=TEXT,
        timestamp=MOMENT,
        status=TEXT,
        message=TEXT,
        details=maybe(TEXT),
        duration=maybe({**NUMBER, "description": "Seconds."}),
    ),
    "Stage": _STAGE,
    "File": answer(
        fileId=UUID,
        fileName=TEXT,
        originalPath=TEXT,
        sourceType=one_of("local", "google_drive", "upload"),
        origin=TEXT,
        kind=TEXT,
        status=one_of("queued", "processing", "completed", "failed"),
        createdAt=MOMENT,
        startedAt=maybe(MOMENT),
        completedAt=maybe(MOMENT),
        stages=listing(ref("Stage")),
        overallProgress=NUMBER,
        currentStage=maybe(TEXT),
        error=maybe(TEXT),
    ),
    "LogLine": answer(id=TEXT, timestamp=MOMENT, level=TEXT, message=TEXT, source=TEXT),
    "FileWithLog": {
        "allOf": [ref("File"), answer(logs=listing(ref("LogLine")))],
    },
    "Files": answer(
        activeFiles=listing(ref("File")),
        recentlyCompleted=listing(ref("File")),
        recentlyFailed=listing(ref("File")),
    ),
    "Description": answer(
        openapi={"const": "3.1.0"},
        info={"type": "object"},
        paths={"type": "object"},
        components={"type": "object"},
    ),
    "NewBackup": body(
        ("database",),
        database=_WHERE,
        name=text(200, least=0),
        storage=_WHERE,
        storages=listing(_WHERE, minItems=1, maxItems=1, description="One of them, for now."),
        force={**FLAG, "description": "Queue it though another one of this database runs."},
        **_OPTIONS,
    ),
    "BackupChanges": body(
        (), label=_OPTIONS["label"], comment=_OPTIONS["comment"], pinned=FLAG, held=FLAG
    ),
    "NewCheck": body((), level=one_of(*LEVELS)),
    "NewDatabase": body(
        ("name", "host", "database_name", "username"),
        **_DATABASE,
        engine={**one_of("postgresql"), "default": "postgresql"},
        company=_WHOSE,
    ),
    "DatabaseChanges": body((), **_DATABASE),
    "NewStorage": body(
        ("name", "folder"),
        name=text(100),
        kind={**one_of("local"), "default": "local"},
        folder=text(1000, pattern="^/", description="Its full path on the server."),
        is_default={**FLAG, "default": False},
        company=_WHOSE,
    ),
    "StorageChanges": body((), name=text(100), is_default=FLAG),
    "RetentionBody": body((), **{name: maybe(number(0, 100_000)) for name in RETENTION}),
    "NewSchedule": body(("name", "database"), database=_WHERE, **_SCHEDULE),
    "ScheduleChanges": body((), **_SCHEDULE),
}
