"""A database with a backup of it, changed since; and replacements carried out in this process."""

from tests.restores.conftest import (
    admin,
    agent,
    backed_up,
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
