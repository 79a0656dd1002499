"""The shapes of databases, storages and schedules."""

from config.openapi.shapes import (
    COMPANY,
    COUNT,
    FLAG,
    LARGEST,
    MOMENT,
    NAMED,
    RETENTION,
    TEXT,
    TLS_MODES,
    UUID,
    WHERE,
    WHOSE,
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
from storage import s3_options

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
    "promise_hours": {
        **maybe(number(1, 24 * 366)),
        "description": "Alert when the newest good backup is older; null: as its schedules say.",
    },
    "proof_days": number(
        0, LARGEST, default=30, description="Alert when the last proof is older; 0: never."
    ),
    "retention": maybe(ref("RetentionBody")),
    "protected": {
        **FLAG,
        "default": False,
        "description": "A restore in its place needs another administrator's approval.",
    },
    "copy_storages": listing(
        WHERE, maxItems=10, description="Each good backup is copied there, too."
    ),
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
# Of a storage of kind s3 alone.
_BUCKET: dict[str, Shape] = {
    "endpoint": text(300, least=0, description="https://HOST:PORT; empty: Amazon's own."),
    "region": text(40, least=0, description="Empty: us-east-1."),
    "bucket": text(63, description="Never changes."),
    "prefix": text(200, least=0, description="What all keys begin with. Never changes."),
    "access_key": text(200, description="The id of the key."),
    "secret_key": text(
        1000, least=0, writeOnly=True, description="Never shown. Empty in a change: as it is."
    ),
    "path_style": {**FLAG, "description": "HOST/BUCKET in place of BUCKET.HOST."},
    "storage_class": one_of("", *s3_options.STORAGE_CLASSES),
    "encryption": {**one_of("", *s3_options.ENCRYPTIONS), "description": "At the bucket's end."},
    "kms_key": text(300, least=0),
    "verify_tls": FLAG,
    "ca_certificate": text(
        s3_options.LONGEST_CERTIFICATE, least=0, description="Of the endpoint's authority, in PEM."
    ),
    "part_mb": number(
        0, s3_options.MOST_PART_MB, description="0: parts grow with the object; else all this size."
    ),
    "lock_days": number(
        0, s3_options.MOST_LOCK_DAYS, description="Each backup is locked so long (Object Lock)."
    ),
    "lock_mode": one_of(*s3_options.LOCK_MODES),
}

SHAPES: dict[str, Shape] = {
    "Database": answer(
        id=UUID,
        company=COMPANY,
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
        promise_hours=maybe(COUNT),
        proof_days=COUNT,
        retention=maybe(ref("Retention")),
        cleanup_stopped=maybe(TEXT),
        protected=FLAG,
        expected_job=maybe(COUNT),
        copy_storages=listing(NAMED),
        created_at=MOMENT,
    ),
    "DatabasePage": page("Database"),
    "DatabaseFacts": answer(ok={"const": True}, server_version=TEXT, size_bytes=COUNT),
    "Storage": answer(
        id=UUID,
        company=COMPANY,
        name=TEXT,
        kind=one_of("local", "s3"),
        options={
            "type": "object",
            "description": "Of kind local: `folder`. Of kind s3: all fields but the secret.",
        },
        is_default=FLAG,
        created_at=MOMENT,
    ),
    "StoragePage": page("Storage"),
    "Retention": answer(**{name: maybe(COUNT) for name in RETENTION}),
    "Schedule": answer(
        id=UUID,
        company=COMPANY,
        database=NAMED,
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
        storages=listing(NAMED),
        retention=maybe(ref("Retention")),
        next_runs=listing(MOMENT),
        last_run=maybe(ref("ScheduleRun")),
        created_at=MOMENT,
    ),
    "SchedulePage": page("Schedule"),
    "NewDatabase": body(
        ("name", "host", "database_name", "username"),
        **_DATABASE,
        engine={**one_of("postgresql"), "default": "postgresql"},
        company=WHOSE,
    ),
    "DatabaseChanges": body((), **_DATABASE, expected_job=maybe(number(1, 2**63 - 1))),
    "NewStorage": body(
        ("name",),
        name=text(100),
        kind={**one_of("local", "s3"), "default": "local"},
        folder=text(1000, pattern="^/", description="Of kind local: its full path on the server."),
        is_default={**FLAG, "default": False},
        company=WHOSE,
        **_BUCKET,
    ),
    "StorageChanges": body((), name=text(100), is_default=FLAG, **_BUCKET),
    "RetentionBody": body((), **{name: maybe(number(0, 100_000)) for name in RETENTION}),
    "NewSchedule": body(("name", "database"), database=WHERE, **_SCHEDULE),
    "ScheduleChanges": body((), **_SCHEDULE),
}
