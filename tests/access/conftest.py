"""The cast, for the tests of who may do what."""

import pytest
from django.conf import LazySettings

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


@pytest.fixture(autouse=True)
def fast_passwords(settings: LazySettings) -> None:
    """The cast's passwords are hashed in each test; the real hasher takes its time on purpose."""
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
