"""The cast, servers of several majors, and a throttle of each test's own."""

import secrets

import pytest
from django.conf import LazySettings

from access.models import User
from backups.models import Backup, Database
from tests.backups.asking import ask
from tests.backups.servers import TestServer, started_server
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
from tests.running import run_here

__all__ = [
    "admin",
    "agent",
    "company",
    "database",
    "login",
    "operator",
    "storage_target",
    "stranger",
    "superuser",
    "viewer",
]


@pytest.fixture(autouse=True)
def own_test_settings(settings: LazySettings) -> None:
    """Requests are counted by user id in Redis, where workers of one run would meet."""
    settings.CACHES = {"default": {**settings.CACHES["default"], "KEY_PREFIX": secrets.token_hex()}}


@pytest.fixture
def good(database: Database, operator: User) -> Backup:
    backup = ask(database, operator, options={"label": "nightly", "tables": ["access_*"]})
    run_here(backup_id=backup.pk)
    backup.refresh_from_db()
    assert (backup.status, backup.error_code, backup.error) == ("completed", "", "")
    return backup


@pytest.fixture
def server(request: pytest.FixtureRequest) -> TestServer:
    """A server of the major given as a parameter (`indirect`), 17 when none is."""
    return started_server(getattr(request, "param", 17))
