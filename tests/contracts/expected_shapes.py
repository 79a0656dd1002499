"""Expected backups in the documented shape, field by field, and a job to begin with."""

import re
from typing import Any

import pytest
from django.test import Client

from access.models import Company, User
from access.policy import System
from access.services import create_agent
from tests.cast import Login

STATUSES = {
    *("UNKNOWN", "SUCCESS", "FAILED", "MISSING"),
    *("TRANSFER_INTEGRITY_FAILED", "HASH_MISMATCH"),
}
MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")
NEW: dict[str, Any] = {
    "company_name": "Acme",
    "city": "Porto",
    "database_name": "orders",
    "agent_id_responsible": "till",
    "backup_frequency": "daily",
    "expected_hour_utc": 3,
    "expected_minute_utc": 30,
    "final_storage_path_template": "{company_name}/{city}/{database_name}_{timestamp}.{ext}",
}
JOB = {
    "id": int,
    "database_name": str,
    "agent_id_responsible": str,
    "company_name": str,
    "city": str,
    "expected_hour_utc": int,
    "expected_minute_utc": int,
    "backup_frequency": str,
    "days_of_week": list,
    "day_of_month": int | None,
    "cron": str | None,
    "local_time": str | None,
    "timezone": str,
    "final_storage_path_template": str,
    "grace_minutes": int,
    "min_size_bytes": int | None,
    "max_size_change_percent": int | None,
    "notification_recipients": list,
    "is_active": bool,
    "current_status": str,
    "last_checked_at": str | None,
    "last_success_at": str | None,
    "next_expected_at": str,
}
ENTRY = {
    "id": int,
    "expected_job_id": int,
    "status": str,
    "backup_timestamp_utc": str | None,
    "backup_hash": str | None,
    "backup_size_bytes": int | None,
    "error_message": str | None,
    "created_at": str,
    "expected_at": str,
    "received_at": str | None,
    "source": str,
    "file": str | None,
}


def is_of(kinds: dict[str, Any], one: dict[str, Any]) -> None:
    for field, kind in kinds.items():
        assert field in one, field
        assert isinstance(one[field], kind), (field, one[field])
        if field.endswith(("_at", "timestamp_utc")) and one[field] is not None:
            assert MOMENT.fullmatch(one[field]), (field, one[field])


@pytest.fixture
def made(admin: User, login: Login) -> dict[str, Any]:
    answer = login(admin).post("/api/v1/jobs/", NEW, content_type="application/json")
    assert answer.status_code == 201, answer.content
    found: dict[str, Any] = answer.json()
    return found


@pytest.fixture
def till(company: Company) -> Client:
    _agent, token = create_agent(name="till", company=company, actor=System("test"))
    return Client(headers={"Authorization": f"Bearer {token}"})
