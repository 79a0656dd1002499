"""A target in a folder of the test's own."""

from pathlib import Path

import pytest

from access.models import Company
from storage.models import StorageTarget
from tests.cast import company

__all__ = ["company"]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Not there yet: it is made with the first bytes."""
    return tmp_path / "made" / "vault"


@pytest.fixture
def target(folder: Path) -> StorageTarget:
    """Unsaved: bytes need no row."""
    return StorageTarget(name="vault", options={"folder": str(folder)}, company=Company(pk=1))
