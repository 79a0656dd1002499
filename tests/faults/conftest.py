"""The cast, and servers to be dumped from."""

from tests.backups.conftest import _started, own_test_settings, server
from tests.cast import company, database, operator, storage_target

__all__ = [
    "_started",
    "company",
    "database",
    "operator",
    "own_test_settings",
    "server",
    "storage_target",
]
