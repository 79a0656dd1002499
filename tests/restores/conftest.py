"""A proven way to a backup of a database of its own, and restores carried out in this process."""

from tests.backups.checks.conftest import backed_up
from tests.backups.conftest import (
    admin,
    agent,
    company,
    login,
    operator,
    own_test_settings,
    server,
    storage_target,
    stranger,
    viewer,
)

__all__ = [
    "admin",
    "agent",
    "backed_up",
    "company",
    "login",
    "operator",
    "own_test_settings",
    "server",
    "storage_target",
    "stranger",
    "viewer",
]
