"""The cast, with a server that holds its keys."""

from pathlib import Path

import pytest

from access.models import Company
from storage.models import StorageTarget
from tests.backups.conftest import own_test_settings
from tests.cast import (
    admin,
    company,
    database,
    login,
    operator,
    superuser,
)
from tests.proofs import own_keys

__all__ = [
    "admin",
    "company",
    "database",
    "login",
    "operator",
    "own_keys",
    "own_test_settings",
    "storage_target",
    "superuser",
]


@pytest.fixture
def vault(tmp_path: Path) -> Path:
    """Apart from the keys, which lie in the same test's folder."""
    return tmp_path / "vault"


@pytest.fixture
def storage_target(company: Company, vault: Path) -> StorageTarget:
    target: StorageTarget = StorageTarget.objects.create(
        company=company, name="vault", options={"folder": str(vault)}, is_default=True
    )
    return target
