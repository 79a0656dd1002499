"""The cast of the API's tests, and files to see."""

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
