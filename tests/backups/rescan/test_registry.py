"""`registry.json`: derived, whole at every moment, written when something changed, never read."""

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from access.policy import System
from backups.consistency import find_disagreements
from backups.deletion import delete_backup
from backups.models import Backup, Database
from backups.rescan import registry
from backups.rescan.findings import Outcome
from backups.rescan.registry import write_registries
from backups.rescan.services import rescan
from storage.models import StorageTarget
from tests.backups.rescan.conftest import lay, manifest_of
from tests.cast import make_backup

pytestmark = pytest.mark.django_db
CLI = System("cli")


@pytest.fixture(autouse=True)
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(registry, "EVERY_SECONDS", 0.0)
    monkeypatch.setattr(registry, "_written", {})


def read(target: StorageTarget) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(
        (Path(target.options["folder"]) / "registry.json").read_text()
    )
    return found


def test_it_follows_the_rows_and_is_nobodys_orphan(
    storage_target: StorageTarget, database: Database
) -> None:
    assert write_registries() == 1
    assert not (Path(storage_target.options["folder"]) / "registry.json").exists()
    manifests = [manifest_of(database) for _ in range(3)]
    keys = {lay(storage_target, one) for one in manifests}
    rescan(target=storage_target, actor=CLI, dry_run=False)
    assert write_registries() == 1
    told = read(storage_target)
    assert told["derived"] is True
    assert {one["key"] for one in told["backups"]} == keys
    assert write_registries() == 0

    make_backup(database, age=timedelta(0))
    delete_backup(backup=Backup.objects.get(pk=manifests[0]["backup"]), actor=CLI)
    assert write_registries() == 1
    assert len(read(storage_target)["backups"]) == 2
    assert not [said for said in find_disagreements() if "registry" in said]


def test_what_it_says_is_never_believed(
    storage_target: StorageTarget, database: Database, tmp_path: Path
) -> None:
    (tmp_path / "registry.json").write_text('{"backups": [{"key": "../../etc/passwd"}]}')
    lay(storage_target, manifest_of(database))
    assert rescan(target=storage_target, actor=CLI, dry_run=False).counts == {Outcome.FOUND: 1}
