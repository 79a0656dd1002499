"""The parts of a recovery: which folder is taken, and what becomes of what was under way."""

import uuid
from pathlib import Path

import orjson
import pytest

from backups.copying.requesting import open_copy
from backups.models import Backup, Check, Database
from backups.rescan.services import rescan
from config.places import Places
from config.recovering import folder as data_folder
from config.recovering.errors import NotEmpty
from config.recovering.settling import ACTOR, end_what_ran
from config.recovering.source import FoundSet
from controlplane.files import pack, unpack
from monitoring.files.endings import remove_leftovers
from monitoring.files.models import TrackedFile
from storage.models import StorageTarget, StoredObject
from tests.backups.rescan.conftest import lay, manifest_of
from tests.cast import database as database
from tests.cast import make_backup, make_running
from tests.cast import storage_target as storage_target

SET = "00000000-0000-0000-0000-000000000001"


@pytest.fixture
def empty(tmp_path: Path) -> Places:
    found = Places(tmp_path / "data")
    found.data.mkdir()
    return found


@pytest.fixture
def found(tmp_path: Path) -> FoundSet:
    keys = {
        "keys/secrets.key": b"k1 abc\n",
        "keys/recovery.agekey": b"not to be here",
        "keys/../../escaped": b"x",
        "../escaped": b"x",
        "audit.head": b"1:" + b"0" * 64,
        "set.json": b"{}",
    }
    return FoundSet(id=uuid.UUID(SET), folder=tmp_path, manifest={}, keys=keys)


def test_keys_go_to_their_place_and_nothing_else_anywhere(
    empty: Places, found: FoundSet, tmp_path: Path
) -> None:
    empty.keys.mkdir()
    (empty.keys / "django-secret.key").write_text("made by loading the settings")
    (empty.data / "vault").mkdir()
    assert data_folder.is_fresh(empty)
    data_folder.place_keys(empty, found)
    assert {path.name for path in empty.keys.iterdir()} == {"secrets.key"}
    assert (empty.keys / "secrets.key").stat().st_mode & 0o777 == 0o600
    assert (empty.data / "audit.head").read_bytes() == found.keys["audit.head"]
    assert not list(tmp_path.rglob("*escaped*"))
    assert data_folder.marked_set(empty) == SET
    # Begun again over what it has left.
    data_folder.place_keys(empty, found)
    data_folder.finish(empty)
    with pytest.raises(NotEmpty):
        data_folder.place_keys(empty, found)


@pytest.mark.parametrize("name", ["postgres", "keys/secrets.key", "anything"])
def test_a_folder_with_something_in_it_is_left_alone(
    empty: Places, found: FoundSet, name: str
) -> None:
    path = empty.data / name
    path.parent.mkdir(exist_ok=True)
    path.write_text("somebody's")
    with pytest.raises(NotEmpty):
        data_folder.place_keys(empty, found)
    assert path.read_text() == "somebody's"
    assert not empty.recovering.exists()


def test_a_mark_that_is_not_whole_means_begin_again(empty: Places) -> None:
    assert data_folder.marked_set(empty) is None
    empty.recovering.write_bytes(b"{")
    assert data_folder.marked_set(empty) == ""
    empty.recovering.write_bytes(orjson.dumps({"set": SET, "keys": False}))
    assert data_folder.marked_set(empty) == ""


def test_of_a_tar_only_plain_files_are_read() -> None:
    assert unpack(pack({"a": b"1", "b/c": b""})) == {"a": b"1", "b/c": b""}


@pytest.mark.django_db
def test_what_ran_is_lost_and_its_bytes_are_taken_up(
    database: Database, storage_target: StorageTarget
) -> None:
    running = make_running(database)
    check = Check.objects.create(company=database.company, backup=running, level="content")
    # The old machine brought it to its end after the set was made.
    manifest = manifest_of(database) | {"backup": str(running.pk)}
    key = lay(storage_target, manifest)
    end_what_ran()
    running.refresh_from_db()
    check.refresh_from_db()
    assert (running.status, running.error_code) == ("failed", "worker_lost")
    assert check.status == "failed"
    assert not TrackedFile.objects.filter(status__in=["queued", "processing"]).exists()
    remove_leftovers()
    assert (Path(storage_target.options["folder"]) / key).exists()
    report = rescan(target=storage_target, actor=ACTOR, dry_run=False)
    assert [one.reason for one in report.findings] == ["lost_run"]
    assert Backup.objects.get().status == "completed"


@pytest.mark.django_db
def test_a_copy_that_was_under_way_is_taken_up_too(
    database: Database, storage_target: StorageTarget
) -> None:
    """It came to its end after the set was made; the first copy was on the disk that is gone."""
    backup = make_backup(database)
    manifest = manifest_of(database) | {"backup": str(backup.pk)}
    artifact = manifest["artifact"]
    Backup.objects.update(sha256=artifact["sha256"], size_bytes=artifact["size"])
    gone = StorageTarget.objects.create(company=database.company, name="gone", options={})
    stored = StoredObject.objects.create(
        company=database.company, target=gone, key="k", size=artifact["size"], sha256="x"
    )
    backup.stored_objects.add(stored)
    copy = open_copy(backup=backup, target=storage_target, actor=ACTOR)
    TrackedFile.objects.filter(copy_run=copy).update(status="processing", attempt=1)
    key = lay(storage_target, manifest)
    end_what_ran()
    copy.refresh_from_db()
    assert (copy.status, copy.error_code) == ("failed", "worker_lost")
    remove_leftovers()
    assert (Path(storage_target.options["folder"]) / key).exists()
    report = rescan(target=storage_target, actor=ACTOR, dry_run=False)
    assert [one.reason for one in report.findings] == ["copy"]
