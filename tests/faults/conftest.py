"""The cast, and servers to be dumped from."""

import pytest

from backups.models import Database
from tests.backups.conftest import own_test_settings, server
from tests.backups.servers import TestServer
from tests.cast import (
    agent,
    company,
    database,
    operator,
    storage_target,
    stranger,
    viewer,
)
from tests.config.conftest import folder, installation

__all__ = [
    "agent",
    "company",
    "database",
    "folder",
    "installation",
    "operator",
    "own_test_settings",
    "server",
    "storage_target",
    "stranger",
    "viewer",
]


@pytest.fixture
def big_source(server: TestServer, database: Database) -> Database:
    """A database on a server of another process, large enough to be caught in mid-dump."""
    found = server.big()
    for name in ("host", "port", "database_name", "username", "password"):
        setattr(database, name, getattr(found, name))
    database.save()
    return database
