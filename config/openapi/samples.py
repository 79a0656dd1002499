"""An example of each answer and body. The tests hold them against their shapes."""

from typing import Any

ID = "0b6f6f9e-5a54-4a3b-9d3a-3f1f6f0a7c11"
DATABASE_ID = "5f3d2a10-8c1e-4c0e-8a53-2f0f7a1d9b20"
STORAGE_ID = "7a1c9a52-40c2-4f5f-9b8d-c3d1b7d0e9f4"
SCHEDULE_ID = "c9b4a7f0-1c63-4a0a-bb6e-64e7ad7f0a55"
_COMPANY = {"id": 1, "name": "Acme"}
_AT = "2026-11-21T03:00:00Z"

BACKUP: dict[str, Any] = {
    "id": ID,
    "database": {"id": DATABASE_ID, "name": "orders"},
    "name": "orders",
    "file_name": "orders_20261121T030000Z_nightly.dump.zst.age",
    "label": "nightly",
    "comment": "",
    "status": "completed",
    "created_at": _AT,
    "started_at": "2026-11-21T03:00:01Z",
    "completed_at": "2026-11-21T03:01:15Z",
    "created_by": "otto",
    "trigger": "api",
    "options": {"label": "nightly"},
    "size_bytes": 402223016,
    "source_bytes": 1340000000,
    "sha256": "7d13936dfcd2fde502d62ec8415b0a0cb9a62f100f1d71d32b0951d5a860253b",
    "compression": "zstd:3",
    "encrypted": True,
    "copies": [{"storage": "vault", "status": "stored", "checked_at": "2026-11-21T03:01:15Z"}],
    "server_version": "17.10",
    "validation": {
        "status": "good",
        "level": "content",
        "checked_at": "2026-11-21T03:01:15Z",
        "detail": None,
    },
    "error": None,
    "pinned": False,
    "held": False,
}
WAITING: dict[str, Any] = {
    **BACKUP,
    "status": "pending",
    "started_at": None,
    "completed_at": None,
    "size_bytes": None,
    "source_bytes": None,
    "sha256": None,
    "compression": None,
    "copies": [],
    "server_version": None,
    "validation": {"status": "unchecked", "level": None, "checked_at": None, "detail": None},
}
CHECK: dict[str, Any] = {
    "id": SCHEDULE_ID,
    "backup": ID,
    "level": "content",
    "status": "pending",
    "progress": 0.0,
    "file": STORAGE_ID,
    "created_at": _AT,
    "completed_at": None,
    "outcome": None,
    "detail": None,
    "differences": [],
    "missing": [],
    "restore_seconds": None,
    "server_version": None,
    "error": None,
}
_PASSED = {"passed": True, "checked_at": _AT, "detail": None}
DATABASE: dict[str, Any] = {
    "id": DATABASE_ID,
    "company": _COMPANY,
    "name": "orders",
    "engine": "postgresql",
    "host": "db.example.com",
    "port": 5432,
    "database_name": "orders",
    "username": "backup",
    "has_password": True,
    "tls_mode": "verify-full",
    "drill_every": 1,
    "drill_days": None,
    "promise_hours": None,
    "proof_days": 30,
    "retention": None,
    "cleanup_stopped": None,
    "protected": False,
    "expected_job": None,
    "copy_storages": [{"id": STORAGE_ID, "name": "cellar"}],
    "created_at": _AT,
}
STORAGE: dict[str, Any] = {
    "id": STORAGE_ID,
    "company": _COMPANY,
    "name": "vault",
    "kind": "local",
    "options": {"folder": "/srv/backups"},
    "is_default": True,
    "created_at": _AT,
}
_KEPT = {"last": 7, "days": None, "hourly": None, "daily": 30, "weekly": None}
SCHEDULE: dict[str, Any] = {
    "id": SCHEDULE_ID,
    "company": _COMPANY,
    "database": {"id": DATABASE_ID, "name": "orders"},
    "name": "nightly",
    "enabled": True,
    "cron": "0 3 * * *",
    "interval_minutes": None,
    "time_zone": "Europe/Berlin",
    "window": None,
    "jitter_minutes": 0,
    "retries": 2,
    "retry_minutes": 5,
    "options": {"label": "nightly"},
    "storages": [{"id": STORAGE_ID, "name": "vault"}],
    "retention": {**_KEPT, "monthly": 12, "yearly": None},
    "next_runs": ["2026-11-22T02:00:00Z", "2026-11-23T02:00:00Z"],
    "last_run": None,
    "created_at": _AT,
}
STAGE: dict[str, Any] = {
    "id": "dump",
    "name": "Dump",
    "description": "Read the database and store it",
    "status": "in_progress",
    "startTime": _AT,
    "endTime": None,
    "steps": [
        {
            "id": "17",
            "timestamp": _AT,
            "status": "completed",
            "message": "sales.orders",
            "details": None,
            "duration": 1.5,
        }
    ],
    "progress": 62.0,
}
FILE: dict[str, Any] = {
    "fileId": STORAGE_ID,
    "fileName": "orders_20261121T030000Z_nightly",
    "originalPath": "postgresql://db.example.com/orders",
    "sourceType": "local",
    "origin": "database",
    "kind": "backup",
    "status": "processing",
    "createdAt": _AT,
    "startedAt": _AT,
    "completedAt": None,
    "stages": [STAGE],
    "overallProgress": 43.4,
    "currentStage": "dump",
    "error": None,
}
LINE = {"id": "9", "timestamp": _AT, "level": "info", "message": "dumping", "source": "pg_dump"}


def page(one: dict[str, Any], *, counted: bool = True) -> dict[str, Any]:
    return {"results": [one], "next": None, "previous": None, "count": 1 if counted else None}


def problem(status: int, code: str, detail: str) -> dict[str, Any]:
    return {
        "type": "about:blank",
        "title": code,
        "status": status,
        "code": code,
        "detail": detail,
    }


SAMPLES: dict[str, Any] = {
    "Backup": BACKUP,
    "BackupPage": page(BACKUP, counted=False),
    "BackupStatus": {
        "id": ID,
        "status": "running",
        "progress": 43.4,
        "stages": [STAGE],
        "bytes_done": 7900000000,
        "bytes_total": 12800000000,
        "rate": 181000000,
        "eta_seconds": 27,
        "error": None,
    },
    "Check": CHECK,
    "Checks": {
        "id": ID,
        "validation": BACKUP["validation"],
        "levels": {"checksum": _PASSED, "content": _PASSED, "restore": None},
        "check": CHECK,
    },
    "Database": DATABASE,
    "DatabasePage": page(DATABASE),
    "DatabaseFacts": {"ok": True, "server_version": "17.10", "size_bytes": 1340000000},
    "Storage": STORAGE,
    "StoragePage": page(STORAGE),
    "Worked": {"ok": True},
    "Schedule": SCHEDULE,
    "SchedulePage": page(SCHEDULE),
    "Description": {
        "openapi": "3.1.0",
        "info": {"title": "Holdfast", "version": "0.1.0"},
        "paths": {},
        "components": {},
    },
    "Files": {"activeFiles": [FILE], "recentlyCompleted": [], "recentlyFailed": []},
    "FileWithLog": {**FILE, "logs": [LINE]},
    "NewBackup": {"database": "orders", "label": "nightly", "tables": ["sales.*"]},
    "BackupChanges": {"label": "before-upgrade", "pinned": True},
    "NewCheck": {"level": "restore"},
    "NewDatabase": {
        "name": "orders",
        "host": "db.example.com",
        "database_name": "orders",
        "username": "backup",
        "password": "…",
        "tls_mode": "verify-full",
    },
    "DatabaseChanges": {"drill_every": 7},
    "NewStorage": {"name": "vault", "folder": "/srv/backups", "is_default": True},
    "StorageChanges": {"name": "first vault"},
    "NewSchedule": {
        "name": "nightly",
        "database": "orders",
        "cron": "0 3 * * *",
        "time_zone": "Europe/Berlin",
        "storages": ["vault"],
        "retention": {"last": 7, "daily": 30, "monthly": 12},
    },
    "ScheduleChanges": {"enabled": False},
}
