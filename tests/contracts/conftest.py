"""The cast, for the contracts' tests."""

from tests.backups.conftest import own_test_settings
from tests.cast import (
    admin,
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
