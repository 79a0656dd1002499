"""A storage that is full at any write, goes away in the middle, or comes back changed."""

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.conf import LazySettings

from access.models import User
from backups.consistency import find_disagreements
from backups.models import Backup, Database
from backups.services import request_backup
from config.tick import run_once
from monitoring.files.models import TrackedFile
from storage.models import StorageTarget
from tests.faults.worker import files_in, wait_for_draft, worker
from tests.running import run_here

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.xdist_group("servers")]

ROOM_KIB = 512
STEP_KIB = 4


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of half a MiB."""
    folder = tmp_path / "disk"
    folder.mkdir()
    size = f"size={ROOM_KIB}k,mode=700"
    done = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", size, "holdfast-test", str(folder)],
        capture_output=True,
        check=False,
    )
    if done.returncode:
        pytest.skip("only root can mount a small disk (.ci/run does)")
    yield folder
    subprocess.run(["umount", "--lazy", str(folder)], check=True)


def fill_but(disk: Path, kib: int) -> None:
    """Leave that much room."""
    found = os.statvfs(disk)
    room = found.f_bavail * found.f_frsize
    with (disk / "filler").open("wb") as filler:
        filler.write(bytes(max(0, room - kib * 1024)))


def ask(database: Database, operator: User) -> Backup:
    options = {"tables": ["access_company", "access_user"]}
    return request_backup(database=database, options=options, actor=operator, trigger="manual")


@pytest.mark.exhaustive
def test_full_at_each_write(
    database: Database,
    operator: User,
    storage_target: StorageTarget,
    small_disk: Path,
    settings: LazySettings,
) -> None:
    settings.ENVIRONMENT = type(settings.ENVIRONMENT)(
        **{**vars(settings.ENVIRONMENT), "disk_reserve_mb": 0}
    )
    StorageTarget.objects.update(options={"folder": str(small_disk / "vault")})
    seen = []
    for room in range(0, ROOM_KIB, STEP_KIB):
        fill_but(small_disk, room)
        backup = ask(database, operator)
        run_here(backup_id=backup.pk)
        run_once()
        backup.refresh_from_db()
        seen.append(backup.error_code or backup.status)
        assert find_disagreements() == [], f"with {room} KiB left"
        (small_disk / "filler").unlink()
        if backup.status == Backup.Status.COMPLETED:
            assert backup.validation == "good"
            break
        assert backup.error_code == "disk_full", f"with {room} KiB left: {backup.error}"
        left = [path for path in (small_disk / "vault").rglob("*") if path.is_file()]
        assert left == [], f"with {room} KiB left"
    # The artifact did not fit, then the manifest did not, and at last both did.
    assert seen[-1] == "completed"
    assert len(seen) > 2


@pytest.mark.exhaustive
def test_gone_in_the_middle_and_back_later(
    big_source: Database, operator: User, storage_target: StorageTarget, tmp_path: Path
) -> None:
    """A volume that is taken away under the writer; what lies on it is removed when it returns."""
    folder = tmp_path / "volume"
    StorageTarget.objects.update(options={"folder": str(folder)})
    storage_target.refresh_from_db()
    backup = request_backup(database=big_source, options={}, actor=operator, trigger="manual")
    with worker(backup) as process:
        wait_for_draft(storage_target)
        folder.rename(tmp_path / "away")
        folder.write_text("not a folder")
        assert process.wait() == 0
    backup.refresh_from_db()
    assert (backup.status, backup.error_code) == ("failed", "storage_unavailable")
    run_once()
    assert TrackedFile.objects.get().leftovers_of == 1

    folder.unlink()
    (tmp_path / "away").rename(folder)
    assert len(files_in(storage_target)) == 1
    run_once()
    assert TrackedFile.objects.get().leftovers_of is None
    assert files_in(storage_target) == []
    assert find_disagreements() == []
