"""A backup that is expected each night at two, and moments around it."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from access.models import Company
from access.policy import System
from monitoring.expected.jobs import create_job
from monitoring.expected.models import ExpectedBackupJob
from monitoring.times.clock import database_now
from tests.cast import company, viewer

CLI = System("test")
__all__ = ["company", "viewer"]


def expect(company: Company, **values: Any) -> ExpectedBackupJob:
    """Every hour, on the hour, with ten minutes of grace, unless said otherwise."""
    facts: dict[str, Any] = {
        "company_name": company.name,
        "city": "Porto",
        "database_name": "orders",
        "agent_id_responsible": "till",
        "backup_frequency": "hourly",
        "expected_minute_utc": 0,
        "grace_minutes": 10,
        "early_minutes": 0,
        **values,
    }
    return create_job(actor=CLI, **facts)


def overdue(job: ExpectedBackupJob, **ago: Any) -> datetime:
    """As if the job had last been looked at so long ago; the due time that is over since then."""
    now = database_now()
    begin = now - timedelta(**(ago or {"hours": 1}))
    rows = ExpectedBackupJob.objects.filter(pk=job.pk)
    rows.update(watermark=begin, next_check_at=begin, next_expected_at=None)
    over = now - timedelta(minutes=10)
    return over.astimezone(UTC).replace(minute=0, second=0, microsecond=0)


@pytest.fixture
def job(company: Company) -> ExpectedBackupJob:
    return expect(company)
