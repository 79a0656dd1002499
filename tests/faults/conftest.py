"""The cast, and servers to be dumped from."""

from tests.backups.conftest import own_test_settings, server
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
