"""The cast, and backups of which copies lie at two storages."""

from tests.backups.copying.conftest import (
    admin,
    agent,
    backup,
    company,
    database,
    login,
    operator,
    own_test_settings,
    second,
    storage_target,
    stranger,
    viewer,
)

__all__ = [
    "admin",
    "agent",
    "backup",
    "company",
    "database",
    "login",
    "operator",
    "own_test_settings",
    "second",
    "storage_target",
    "stranger",
    "viewer",
]
