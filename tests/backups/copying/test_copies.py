"""Further copies: asked for by people and by rule, byte for byte, each with its own manifest."""

import json
from datetime import timedelta
from pathlib import Path

import pytest
from django.utils import timezone

from access.models import AuditEntry, Company, User
from access.policy import NotAllowed
from backups.alerting import alert_missing_copies
from backups.consistency import find_disagreements
from backups.copying.outcome import LONGEST_PAUSE, TOLD_AFTER, pause_after
from backups.copying.requesting import request_copy
from backups.copying.trying import queue_copy_retries
from backups.deletion import delete_backup, finish_deletions
from backups.downloads import prepare_download
from backups.errors import AlreadyRunning, NotFound, NotReady
from backups.models import Backup, Copy, Database
from backups.rescan.findings import Finding
from backups.rescan.services import rescan
from monitoring.alerts.models import Alert
from monitoring.files.models import LogLine, TrackedFile
from storage.models import StorageTarget, StoredObject
from storage.services import delete_target
from tests.backups.copying.conftest import another, copy_here, made, path_at, spoil
from tests.cast import person

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.xdist_group("copying")]


def test_a_copy_is_the_same_bytes_with_a_manifest_of_its_own(
    database: Database, storage_target: StorageTarget, second: StorageTarget, operator: User
) -> None:
    database.drill_every = 0
    database.save()
    backup = made(database, operator, whole=True)
    copy = copy_here(request_copy(backup=backup, target=second, actor=operator))
    assert (copy.status, copy.error) == ("completed", "")
    first, other = path_at(backup, storage_target), path_at(backup, second)
    assert first.read_bytes() == other.read_bytes()
    stored = backup.stored_objects.get(target=second)
    assert (stored.sha256, stored.size, copy.stored) == (backup.sha256, backup.size_bytes, stored)
    manifest = json.loads(Path(f"{other}.manifest.json").read_text())
    assert manifest["artifact"]["key"] == stored.key
    assert {**manifest["artifact"], "key": ""} == {**backup.manifest["artifact"], "key": ""}  # type: ignore[index]
    # The sheet beside it says where to go there.
    sheet = next(Path(second.options["folder"]).glob("*/RESTORE.txt")).read_text()
    assert f"cd {stored.key.split('/')[1]}" in sheet
    file = TrackedFile.objects.get(copy_run=copy)
    assert (file.kind, file.status, file.progress) == ("copy", "completed", 100)
    assert set(file.stages.values_list("status", flat=True)) == {"completed"}
    actions = AuditEntry.objects.filter(action__startswith="copy.").order_by("id")
    assert list(actions.values_list("action", flat=True)) == ["copy.requested", "copy.completed"]
    assert find_disagreements() == []


def test_who_may_ask_and_for_what(
    backup: Backup,
    storage_target: StorageTarget,
    second: StorageTarget,
    company: Company,
    operator: User,
    stranger: User,
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    viewer = person("vic", company, "viewer")
    for actor in (viewer, stranger):
        with pytest.raises(NotAllowed):
            request_copy(backup=backup, target=second, actor=actor)
    with pytest.raises(NotReady, match="already"):
        request_copy(backup=backup, target=storage_target, actor=operator)
    elsewhere = another(
        Company.objects.get(name="Elsewhere"), "theirs", tmp_path_factory.mktemp("theirs")
    )
    with pytest.raises(NotFound):
        request_copy(backup=backup, target=elsewhere, actor=operator)
    request_copy(backup=backup, target=second, actor=operator)
    with pytest.raises(AlreadyRunning):
        request_copy(backup=backup, target=second, actor=operator)
    made(backup.database, operator)
    with pytest.raises(NotReady, match="at work"):
        delete_backup(backup=backup, actor=person("adi", company, "admin"))
    assert Copy.objects.count() == 1


def test_a_databases_rule_copies_what_is_good(
    database: Database, second: StorageTarget, operator: User, admin: User
) -> None:
    database.copy_storages.add(second)
    backup = made(database, operator)
    copy = Copy.objects.get(backup=backup)
    assert (copy.status, copy.target) == ("pending", second)
    copy_here(copy)
    assert set(backup.stored_objects.values_list("target__name", flat=True)) == {"vault", "cellar"}
    with pytest.raises(Exception, match="lie at this storage"):
        delete_target(target=second, actor=admin)


@pytest.mark.exhaustive
def test_the_source_is_passed_by_when_it_is_not_whole(
    backup: Backup,
    storage_target: StorageTarget,
    second: StorageTarget,
    company: Company,
    operator: User,
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    copy_here(request_copy(backup=backup, target=second, actor=operator))
    spoil(path_at(backup, storage_target))
    third = another(company, "attic", tmp_path_factory.mktemp("attic"))
    copy = copy_here(request_copy(backup=backup, target=third, actor=operator))
    assert copy.status == "completed"
    assert path_at(backup, third).read_bytes() == path_at(backup, second).read_bytes()
    assert backup.stored_objects.get(target=storage_target).state == "corrupt"
    backup.refresh_from_db()
    assert backup.validation == "good", "two of three are whole"
    alert_missing_copies()
    assert Alert.objects.get().rule == "copy.missing"
    assert "Not from vault" in LogLine.objects.get(file=copy.file, level="warning").message


def test_nothing_is_published_of_a_damaged_only_copy(
    backup: Backup, storage_target: StorageTarget, second: StorageTarget, operator: User
) -> None:
    spoil(path_at(backup, storage_target))
    copy = copy_here(request_copy(backup=backup, target=second, actor=operator))
    assert (copy.status, copy.error_code, copy.retry_at) == ("failed", "corrupt", None)
    assert not [path for path in Path(second.options["folder"]).rglob("*") if path.is_file()]
    backup.refresh_from_db()
    assert backup.validation == "corrupt"


def test_a_target_that_is_away_is_tried_again_with_pauses(
    backup: Backup, second: StorageTarget, operator: User
) -> None:
    folder = second.options["folder"]
    copy = request_copy(backup=backup, target=second, actor=operator)
    file_in_the_way(second)
    copy_here(copy)
    assert (copy.status, copy.error_code) == ("failed", "storage_unavailable")
    assert copy.retry_at is not None
    assert queue_copy_retries() == 0, "its pause is not over"
    for number in range(2, TOLD_AFTER + 1):
        assert Alert.objects.count() == 0
        Copy.objects.filter(retry_at__isnull=False).update(retry_at=timezone.now())
        assert queue_copy_retries() == 1
        assert queue_copy_retries() == 0, "once"
        copy = Copy.objects.get(tries=number)
        copy_here(copy)
    assert Alert.objects.get().rule == "copy.failed"
    StorageTarget.objects.filter(pk=second.pk).update(options={"folder": folder})
    Copy.objects.filter(retry_at__isnull=False).update(retry_at=timezone.now())
    assert queue_copy_retries() == 1
    assert copy_here(Copy.objects.get(status="pending")).status == "completed"
    assert not Alert.objects.open().exists()
    assert Copy.objects.filter(created_by=operator).count() == TOLD_AFTER + 1
    assert find_disagreements() == []


def test_pauses_grow_and_end() -> None:
    assert pause_after(1) == timedelta(minutes=5)
    assert pause_after(2) == timedelta(minutes=10)
    assert pause_after(50) == LONGEST_PAUSE


@pytest.mark.exhaustive
def test_a_download_takes_the_other_copy(
    backup: Backup, storage_target: StorageTarget, second: StorageTarget, operator: User
) -> None:
    copy_here(request_copy(backup=backup, target=second, actor=operator))
    path_at(backup, storage_target).unlink()
    found = prepare_download(backup=backup, actor=operator)
    assert found.stored.target == second
    assert b"".join(found.blocks()) == path_at(backup, second).read_bytes()
    backup.refresh_from_db()
    assert backup.validation == "good"
    assert backup.stored_objects.get(target=storage_target).state == "missing"
    alert_missing_copies()
    assert Alert.objects.get().rule == "copy.missing"
    prepare_download(backup=backup, actor=operator)
    alert_missing_copies()
    assert Alert.objects.count() == 1, "said once"
    path_at(backup, second).unlink()
    with pytest.raises(Exception, match="not there"):
        prepare_download(backup=backup, actor=operator)
    backup.refresh_from_db()
    assert backup.validation == "missing", "none is left"


@pytest.mark.exhaustive
def test_deleting_takes_all_copies(
    database: Database, backup: Backup, second: StorageTarget, operator: User, admin: User
) -> None:
    copy_here(request_copy(backup=backup, target=second, actor=operator))
    made(database, operator)
    other = path_at(backup, second)
    folder = file_in_the_way(second)
    delete_backup(backup=backup, actor=admin)
    gone = Backup.every.get(pk=backup.pk)
    assert gone.purged_at is None, "one place is away"
    assert not backup.stored_objects.filter(target__name="vault", state="deleted").exists()
    StorageTarget.objects.filter(pk=second.pk).update(options={"folder": folder})
    assert finish_deletions() == 1
    assert not other.exists()
    assert set(StoredObject.objects.filter(backups=backup).values_list("state", flat=True)) == {
        "deleted"
    }
    assert find_disagreements() == []


@pytest.mark.exhaustive
def test_a_rescan_of_the_second_place_alone_finds_the_backup(
    backup: Backup, second: StorageTarget, operator: User, admin: User
) -> None:
    copy = copy_here(request_copy(backup=backup, target=second, actor=operator))
    stored = copy.stored
    assert stored is not None
    # Its row is lost; the first place's is not: it is a copy of a known backup.
    Copy.objects.all().delete()
    StoredObject.objects.filter(pk=stored.pk).delete()
    report = rescan(target=second, actor=admin, dry_run=False)
    assert [one.reason for one in report.findings] == ["copy"]
    assert backup.stored_objects.filter(target=second, key=stored.key).exists()
    # All rows are lost, and the first place: it is a backup.
    backup.level_results.all().delete()
    Backup.every.filter(pk=backup.pk).delete()
    StoredObject.objects.all().delete()
    report = rescan(target=second, actor=admin, dry_run=False)
    assert [one.outcome for one in report.findings] == ["found"]
    assert Backup.objects.get(pk=backup.pk).stored_objects.get().target == second


@pytest.mark.exhaustive
def test_a_rescan_leaves_a_copy_at_work_alone(
    backup: Backup, second: StorageTarget, operator: User, admin: User
) -> None:
    copy = copy_here(request_copy(backup=backup, target=second, actor=operator))
    StoredObject.objects.filter(target=second).delete()
    Copy.objects.filter(pk=copy.pk).update(status="running")
    told: list[Finding] = []
    rescan(target=second, actor=admin, dry_run=False, on_finding=told.append)
    assert [one.outcome for one in told] == ["at_work"]


def file_in_the_way(target: StorageTarget) -> str:
    """The place cannot be reached: a file lies where its folder should be. Returns where it is."""
    folder = str(target.options["folder"])
    way = Path(folder).with_name("in-the-way")
    way.write_text("")
    target.options = {"folder": str(way)}
    target.save(update_fields=["options"])
    return folder
