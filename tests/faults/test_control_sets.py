"""Sets of Holdfast itself, and rescans, that die: nothing half-made counts."""

import signal
from pathlib import Path

import pytest

from access.policy import System
from backups.models import Backup, Database
from backups.rescan.services import rescan
from config.recovering.source import set_folders
from controlplane.models import ControlSet
from controlplane.services import look_after_sets, request_set, run_set
from storage.models import StorageTarget
from tests.backups.rescan.conftest import lay, manifest_of
from tests.backups.rescan.test_importing import dumped_table
from tests.faults.points import IN_A_CONTROL_SET, IN_A_RESCAN, IN_AN_IMPORT, one_always
from tests.faults.worker import TICK, Process, files_in

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.xdist_group("faults")]
CLI = System("cli")

SET = """
import sys, uuid, django
django.setup()
from controlplane.services import run_set
run_set(set_id=uuid.UUID(sys.argv[1]))
"""
RESCAN = """
import sys, django
django.setup()
from access.policy import System
from backups.rescan.services import rescan
from storage.models import StorageTarget
rescan(target=StorageTarget.objects.get(pk=sys.argv[1]), actor=System("cli"), dry_run=False)
"""
IMPORT = """
import sys, django
django.setup()
from access.policy import System
from backups.models import Database
from backups.rescan.importing import import_dump
from storage.models import StorageTarget
import_dump(
    target=StorageTarget.objects.get(pk=sys.argv[1]), key="old.backup",
    database=Database.objects.get(pk=sys.argv[2]), actor=System("cli"),
)
"""


@pytest.mark.parametrize(
    "point",
    one_always(
        [one for one in IN_A_CONTROL_SET if one != "control.removing"], "control.keys-stored"
    ),
)
def test_killed_while_a_set_is_made(storage_target: StorageTarget, point: str) -> None:
    row = request_set(actor=CLI)
    process = Process(SET, str(row.pk), fault=point)
    assert process.wait() == -signal.SIGKILL, process.said
    row.refresh_from_db()
    if point == "control.committed":
        assert row.status == "completed"
        return
    place = Path(storage_target.options["folder"])
    assert len(set_folders(place)) == (1 if point == "control.manifest-stored" else 0)
    # The tick that finds it dies too, and the next one does what is left.
    tick = Process(TICK, fault="control.removing")
    assert tick.wait() == -signal.SIGKILL, tick.said
    assert set_folders(place) == []
    look_after_sets()
    row.refresh_from_db()
    assert (row.status, row.error_code, row.purged_at is None) == ("failed", "worker_lost", False)
    assert files_in(storage_target) == []
    again = request_set(actor=CLI)
    run_set(set_id=again.pk)
    assert ControlSet.objects.get(pk=again.pk).status == "completed"


@pytest.mark.parametrize("point", one_always(IN_A_RESCAN, "rescan.before-commit"))
def test_a_killed_rescan_is_finished_by_the_next(
    database: Database, storage_target: StorageTarget, point: str
) -> None:
    for _ in range(3):
        lay(storage_target, manifest_of(database))
    process = Process(RESCAN, str(storage_target.pk), fault=point)
    assert process.wait() == -signal.SIGKILL, process.said
    assert Backup.objects.count() == (3 if point == "rescan.committed" else 0)
    rescan(target=storage_target, actor=CLI, dry_run=False)
    assert Backup.objects.count() == 3
    assert not rescan(target=storage_target, actor=CLI).has_news


def test_a_killed_import_is_found_by_a_rescan(
    database: Database, storage_target: StorageTarget
) -> None:
    assert IN_AN_IMPORT == ["import.stored"]
    path = Path(storage_target.options["folder"]) / "old.backup"
    path.write_bytes(dumped_table())
    process = Process(IMPORT, str(storage_target.pk), str(database.pk), fault=IN_AN_IMPORT[0])
    assert process.wait() == -signal.SIGKILL, process.said
    assert not Backup.objects.exists()
    path.unlink()
    assert rescan(target=storage_target, actor=CLI, dry_run=False).counts == {"found": 1}
