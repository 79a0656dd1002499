"""The cast of the API's tests, and a throttle of each test's own."""

import pytest

from backups.models import BackupSchedule, Database
from tests.backups.conftest import own_test_settings
from tests.cast import (
    admin,
    agent,
    company,
    database,
    login,
    operator,
    storage_target,
    stranger,
    superuser,
    viewer,
)

__all__ = [
    "admin",
    "agent",
    "company",
    "database",
    "login",
    "operator",
    "own_test_settings",
    "storage_target",
    "stranger",
    "superuser",
    "viewer",
]


@pytest.fixture
def schedule(database: Database) -> BackupSchedule:
    return BackupSchedule.objects.create(
        company=database.company, database=database, name="weekly", cron="0 3 * * 0"
    )
