"""The cast, for the tests of who may do what."""

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
    "storage_target",
    "stranger",
    "superuser",
    "viewer",
]
