"""The cast, servers of several majors, and a throttle of each test's own."""

import secrets
from collections.abc import Iterator

import pytest
from django.conf import LazySettings

from tests.backups.servers import TestServer, programs_of, start_server, stop_server
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
def own_test_settings(settings: LazySettings) -> None:
    """Requests are counted by user id in Redis, where workers of one run would meet."""
    settings.CACHES = {"default": {**settings.CACHES["default"], "KEY_PREFIX": secrets.token_hex()}}
    # The cast's passwords are hashed in each test; the real hasher takes its time on purpose.
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


@pytest.fixture(scope="session")
def _started() -> Iterator[dict[int, TestServer]]:
    started: dict[int, TestServer] = {}
    yield started
    for server in started.values():
        stop_server(server)


@pytest.fixture
def server(request: pytest.FixtureRequest, _started: dict[int, TestServer]) -> TestServer:
    """A server of the major given as a parameter (`indirect`), 17 when none is."""
    major = getattr(request, "param", 17)
    if major not in _started:
        _started[major] = start_server(major, programs_of(major))
    return _started[major]
