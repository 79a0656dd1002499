"""Another installation that writes to the same storage is noticed, and told of once."""

import pytest

from access.policy import System
from backups.models import Database
from backups.rescan import noticing
from backups.rescan.noticing import notice_strange_manifests, strange_manifests
from backups.rescan.services import rescan
from monitoring.alerts.models import Alert
from monitoring.files.models import TrackedFile
from storage.models import StorageTarget
from tests.backups.rescan.conftest import lay, manifest_of
from tests.cast import make_backup

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(noticing, "EVERY_SECONDS", 0.0)
    monkeypatch.setattr(noticing, "_looked", [])


def test_what_no_row_speaks_of_is_told_once(
    storage_target: StorageTarget, database: Database
) -> None:
    assert notice_strange_manifests() == 0
    lay(storage_target, manifest_of(database))
    assert notice_strange_manifests() == 1
    assert notice_strange_manifests() == 1
    told = Alert.objects.get()
    assert told.rule == "storage.strange_manifests"
    assert storage_target.name in told.subject
    rescan(target=storage_target, actor=System("cli"), dry_run=False)
    assert strange_manifests(storage_target) == (0, "")
    assert notice_strange_manifests() == 0
    assert not Alert.objects.open().exists()


def test_what_a_lost_run_owes_is_nobody_elses(
    storage_target: StorageTarget, database: Database
) -> None:
    make_backup(database, status="failed")
    TrackedFile.objects.update(leftovers_of=1)
    lay(storage_target, manifest_of(database))
    assert notice_strange_manifests() == 0
    assert not Alert.objects.exists()
