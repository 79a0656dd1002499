"""The cast, for the contracts' tests."""

from tests.backups.conftest import own_test_settings
from tests.cast import company, database, login, operator, storage_target, viewer

__all__ = [
    "company",
    "database",
    "login",
    "operator",
    "own_test_settings",
    "storage_target",
    "viewer",
]
