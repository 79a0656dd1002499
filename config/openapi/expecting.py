"""The calls of expected backups: shapes, samples and answers."""

from typing import Any

from config.openapi.shapes import (
    COUNT,
    FLAG,
    LARGEST,
    MOMENT,
    TEXT,
    Shape,
    answer,
    body,
    listing,
    maybe,
    number,
    one_of,
    ref,
    text,
)

STATUSES = (
    *("UNKNOWN", "SUCCESS", "FAILED", "MISSING"),
    *("TRANSFER_INTEGRITY_FAILED", "HASH_MISMATCH"),
)
FREQUENCIES = ("hourly", "daily", "weekly", "monthly", "custom")
SOURCES = ("backup", "upload", "report", "ping", "deposit", "scanner")
ID = number(1, 2**63 - 1)
_HOUR = text(5, pattern="^[0-2][0-9]:[0-5][0-9]$", description="In `timezone`, as 02:30.")
_DAY = {"oneOf": [number(0, 6), one_of("mon", "tue", "wed", "thu", "fri", "sat", "sun")]}
_MINUTES = 366 * 24 * 60
_RULES: dict[str, Shape] = {
    "grace_minutes": number(0, _MINUTES, default=60),
    "early_minutes": number(
        0, _MINUTES, default=60, description="So much before its time it counts already."
    ),
    "first_report_by": maybe(MOMENT),
    "end_within_minutes": maybe(
        number(1, LARGEST, description="A start without an end fails after so long.")
    ),
    "min_run_seconds": maybe(number(1, LARGEST)),
    "max_run_seconds": maybe(number(1, LARGEST)),
    "min_size_bytes": maybe(number(0, 2**63 - 1, description="A smaller one has failed.")),
    "max_size_change_percent": maybe(
        number(1, LARGEST, description="Against the median; more is a warning.")
    ),
    "size_history": number(1, 90, default=7),
    "max_age_hours": maybe(number(1, LARGEST, description="Of the newest success.")),
    "require_content_check": {**FLAG, "default": False},
    "is_active": {**FLAG, "default": True},
}
_FIELDS: dict[str, Shape] = {
    "company_name": text(200, pattern=r"\S"),
    "city": text(100, pattern=r"\S"),
    "database_name": text(255, pattern=r"\S"),
    "agent_id_responsible": text(100, pattern="^[A-Za-z0-9_-]+$"),
    "backup_frequency": one_of(*FREQUENCIES),
    "expected_hour_utc": maybe(number(0, 23)),
    "expected_minute_utc": maybe(number(0, 59)),
    "local_time": maybe(_HOUR),
    "timezone": text(64, least=0, default="UTC", description="Of cron and local_time."),
    "days_of_week": listing(_DAY, maxItems=50, description="0 is Monday."),
    "day_of_month": maybe(number(1, 31, description="31: the last day of each month.")),
    "cron": maybe(text(200, least=0, description="minute hour day month weekday")),
    "final_storage_path_template": text(
        500, least=0, description="As {company_name}/{database_name}/{timestamp}.{ext}"
    ),
    "notification_recipients": listing({"type": "string", "format": "email"}, maxItems=50),
    **_RULES,
}
_NEEDED = (*("company_name", "city", "database_name", "agent_id_responsible", "backup_frequency"),)
_ANSWERED: dict[str, Shape] = {
    **dict.fromkeys(_NEEDED[:4], TEXT),
    "backup_frequency": one_of(*FREQUENCIES),
    "expected_hour_utc": maybe(COUNT),
    "expected_minute_utc": maybe(COUNT),
    "local_time": maybe(TEXT),
    "timezone": TEXT,
    "days_of_week": listing(COUNT),
    "day_of_month": maybe(COUNT),
    "cron": maybe(TEXT),
    "final_storage_path_template": TEXT,
    "notification_recipients": listing(TEXT),
    "grace_minutes": COUNT,
    "early_minutes": COUNT,
    "first_report_by": maybe(MOMENT),
    "end_within_minutes": maybe(COUNT),
    "min_run_seconds": maybe(COUNT),
    "max_run_seconds": maybe(COUNT),
    "min_size_bytes": maybe(COUNT),
    "max_size_change_percent": maybe(COUNT),
    "size_history": COUNT,
    "max_age_hours": maybe(COUNT),
    "require_content_check": FLAG,
    "is_active": FLAG,
}
_PAGE: dict[str, Shape] = {"next": maybe(TEXT), "previous": maybe(TEXT), "count": maybe(COUNT)}

SHAPES: dict[str, Shape] = {
    "ExpectedJob": answer(
        id=ID,
        **_ANSWERED,
        current_status=one_of(*STATUSES),
        last_checked_at=maybe(MOMENT),
        last_success_at=maybe(MOMENT),
        next_expected_at=maybe(MOMENT),
        is_too_old=FLAG,
        acknowledged_at=maybe(MOMENT),
        acknowledged_by=maybe(TEXT),
        snoozed_until=maybe(MOMENT),
        created_at=MOMENT,
        ping_url=maybe(TEXT),
    ),
    "ExpectedJobPage": answer(results=listing(ref("ExpectedJob")), **_PAGE),
    "NewExpectedJob": body(_NEEDED, **_FIELDS),
    "ExpectedJobChanges": body((), **_FIELDS),
    "BackupEntry": answer(
        id=ID,
        expected_job_id=ID,
        status=one_of(*STATUSES),
        backup_timestamp_utc=maybe(MOMENT),
        backup_hash=maybe(TEXT),
        backup_size_bytes=maybe(COUNT),
        error_message=maybe(TEXT),
        created_at=MOMENT,
        expected_at=MOMENT,
        received_at=maybe(MOMENT),
        source=one_of(*SOURCES),
        file=maybe(TEXT),
        run_seconds=maybe({"type": "number"}),
        content_passed=maybe(FLAG),
        warnings=listing(answer(code=TEXT, message=TEXT)),
        history=listing(
            answer(at=MOMENT, status=one_of(*STATUSES), source=TEXT, message=maybe(TEXT))
        ),
    ),
    "BackupEntryPage": answer(results=listing(ref("BackupEntry")), **_PAGE),
    "NewReport": body(
        ("status",),
        status=one_of(*STATUSES[1:3], *STATUSES[4:]),
        backup_timestamp_utc=maybe(MOMENT),
        backup_hash=maybe(text(135, least=0, pattern="^((sha256:)?[0-9A-Fa-f]{32,128})?$")),
        backup_size_bytes=maybe(number(0, 2**63 - 1)),
        error_message=maybe(text(10_000, least=0)),
    ),
    "NewSnooze": body(("hours",), hours=number(0, 2160, description="0: tell of it again.")),
    "JobList": listing({"type": "object"}, maxItems=50_000),
    "ImportedJobs": answer(
        created=COUNT,
        changed=COUNT,
        unchanged=COUNT,
        dry_run=FLAG,
    ),
}
_NEW: dict[str, Any] = {
    "company_name": "Acme",
    "city": "Porto",
    "database_name": "orders",
    "agent_id_responsible": "till-porto",
    "backup_frequency": "daily",
    "expected_hour_utc": 3,
    "expected_minute_utc": 0,
}
_JOB = {
    **{"id": 7, **_NEW, "local_time": None, "timezone": "UTC", "days_of_week": []},
    **{"day_of_month": None, "cron": None, "notification_recipients": ["ops@example.com"]},
    "final_storage_path_template": "{company_name}/{database_name}/{timestamp}.{ext}",
    **{"grace_minutes": 60, "early_minutes": 60, "first_report_by": None},
    **{"end_within_minutes": None, "min_run_seconds": None, "max_run_seconds": None},
    **{"min_size_bytes": 1048576, "max_size_change_percent": 50, "size_history": 7},
    **{"max_age_hours": 48, "require_content_check": False, "is_active": True},
    **{"current_status": "SUCCESS", "last_checked_at": "2026-11-21T04:00:03Z"},
    **{"last_success_at": "2026-11-21T03:04:41Z", "next_expected_at": "2026-11-22T03:00:00Z"},
    **{"is_too_old": False, "acknowledged_at": None, "acknowledged_by": None},
    **{"snoozed_until": None, "created_at": "2026-10-01T08:00:00Z", "ping_url": None},
}
_ENTRY = {
    **{"id": 4711, "expected_job_id": 7, "status": "SUCCESS"},
    **{"backup_timestamp_utc": "2026-11-21T03:04:41Z", "backup_hash": "9f" * 32},
    **{"backup_size_bytes": 402223016, "error_message": None},
    **{"created_at": "2026-11-21T03:05:02Z", "expected_at": "2026-11-21T03:00:00Z"},
    **{"received_at": "2026-11-21T03:05:02Z", "source": "report", "file": None},
    **{"run_seconds": None, "content_passed": None, "warnings": [], "history": []},
}
SAMPLES: dict[str, Any] = {
    "ExpectedJob": _JOB,
    "ExpectedJobPage": {"results": [_JOB], "next": None, "previous": None, "count": 1},
    "NewExpectedJob": _NEW,
    "ExpectedJobChanges": {"grace_minutes": 90},
    "BackupEntry": _ENTRY,
    "BackupEntryPage": {"results": [_ENTRY], "next": None, "previous": None, "count": None},
    "NewReport": {
        "status": "SUCCESS",
        "backup_timestamp_utc": "2026-11-21T03:04:41Z",
        "backup_hash": "9f" * 32,
        "backup_size_bytes": 402223016,
    },
    "NewSnooze": {"hours": 8},
    "JobList": [_NEW],
    "ImportedJobs": {"created": 1, "changed": 0, "unchanged": 0, "dry_run": False},
}
