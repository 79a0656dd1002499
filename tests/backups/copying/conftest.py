"""A real backup at one storage, and a second storage for its copies."""

from pathlib import Path

import pytest

from access.models import Company, User
from backups.copying.queueing import claim_copy
from backups.copying.running import carry_out
from backups.models import Backup, Copy, Database
from backups.services import request_backup
from storage.models import StorageTarget
from tests.backups.conftest import (
    admin,
    agent,
    company,
    database,
    login,
    operator,
    own_test_settings,
    storage_target,
    stranger,
    viewer,
)
from tests.running import fresh, run_here

__all__ = [
    "admin",
    "agent",
    "company",
    "database",
    "login",
    "operator",
    "own_test_settings",
    "storage_target",
    "stranger",
    "viewer",
]


@pytest.fixture
def second(company: Company, tmp_path_factory: pytest.TempPathFactory) -> StorageTarget:
    return another(company, "cellar", tmp_path_factory.mktemp("cellar"))


def another(company: Company, name: str, folder: Path) -> StorageTarget:
    target: StorageTarget = StorageTarget.objects.create(
        company=company, name=name, options={"folder": str(folder)}
    )
    return target


@pytest.fixture
def backup(database: Database, operator: User) -> Backup:
    """Real, small, and good."""
    database.drill_every = 0
    database.save()
    return made(database, operator)


def made(database: Database, operator: User, *, whole: bool = False) -> Backup:
    found = request_backup(
        database=database,
        options={} if whole else {"tables": ["access_company"]},
        actor=operator,
        trigger="manual",
    )
    run_here(backup_id=found.pk)
    return fresh(found.pk)


def copy_here(copy: Copy) -> Copy:
    """What a runner does for a claimed copy, without a process of its own."""
    claim = claim_copy(copy_id=copy.pk)
    assert claim is not None
    rows = Copy.objects.select_related("company", "file", "target", "backup__company")
    carry_out(copy=rows.select_related("backup__database").get(pk=copy.pk), claim=claim)
    copy.refresh_from_db()
    copy.backup.refresh_from_db()
    return copy


def path_at(backup: Backup, target: StorageTarget) -> Path:
    stored = backup.stored_objects.get(target=target, state="stored")
    return Path(target.options["folder"]) / stored.key


def spoil(path: Path) -> None:
    body = bytearray(path.read_bytes())
    body[len(body) // 2] ^= 1
    path.write_bytes(body)
