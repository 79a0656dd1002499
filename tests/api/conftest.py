"""The cast of the API's tests, and a throttle of each test's own."""

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
