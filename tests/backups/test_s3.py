"""Backups in a bucket, by a real S3 server: the way there and back, and what goes wrong on it."""

import hashlib
from datetime import timedelta
from typing import Any

import pytest

from access.models import Company, User
from access.policy import System
from backups.checks.requesting import request_check
from backups.copying.requesting import request_copy
from backups.deletion import delete_backup, finish_deletions
from backups.downloads import prepare_download
from backups.errors import Locked
from backups.models import Backup, Check, Database
from backups.rescan.services import rescan
from backups.rescan.walking import folders_of_others
from backups.upkeep import locking
from backups.upkeep.locking import lock_new_copies
from backups.upkeep.orphans import Walk, walk_target
from monitoring.alerts.models import Alert
from restores.requesting import request_restore
from storage.errors import NotLockable, ObjectLocked
from storage.models import Orphan, StorageTarget, StoredObject
from storage.services import create_s3_target, delete_bytes
from storage.services import test_target as try_target
from tests.backups.asking import ask
from tests.backups.checks.conftest import MakeBackup, backed_up, check_here
from tests.backups.copying.conftest import copy_here
from tests.backups.servers import TestServer
from tests.restores.test_restore import new_name, restore_here, wish
from tests.running import fresh, run_here
from tests.storage.buckets import SECRET, Bucket, Server

__all__ = ["backed_up"]
pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.xdist_group("s3")]


@pytest.fixture
def bucket(s3_server: Server) -> Bucket:
    return Bucket(s3_server.endpoint)


@pytest.fixture
def cloud(company: Company, bucket: Bucket, database: Database) -> StorageTarget:
    """The default storage, in place of the folder."""
    return made_target(company, bucket)


def made_target(company: Company, bucket: Bucket, **options: Any) -> StorageTarget:
    return create_s3_target(
        company=company,
        name="cloud",
        options=bucket.options(**options),
        secret=SECRET,
        is_default=True,
        actor=System("the test"),
    )


def backed_up_small(database: Database, operator: User) -> Backup:
    backup = ask(database, operator, options={"tables": ["access_company"]})
    run_here(backup_id=backup.pk)
    backup.refresh_from_db()
    assert (backup.status, backup.error_code, backup.error) == ("completed", "", "")
    return backup


def test_a_backup_is_made_checked_downloaded_and_deleted(
    cloud: StorageTarget,
    bucket: Bucket,
    database: Database,
    operator: User,
    login: Any,
    admin: User,
) -> None:
    good = backed_up_small(database, operator)
    stored = good.stored_objects.get()
    assert (good.validation, stored.target_id) == ("good", cloud.pk)
    folder = stored.key.rpartition("/")[0]
    assert {stored.key, f"{stored.key}.manifest.json"} <= set(bucket.names())
    body = bucket.body(stored.key)
    assert hashlib.sha256(body).hexdigest() == stored.sha256 == good.sha256

    download = prepare_download(backup=good, actor=operator)
    assert b"".join(download.blocks(start=100, end=200)) == body[100:200]

    # Truncated at the bucket: found by the check, and named; and whole again, it counts again.
    for broken in (body[:-1], body[:50] + bytes([body[50] ^ 1]) + body[51:]):
        bucket.put(stored.key, broken)
        request_check(backup=good, actor=operator, level="checksum")
        check_here(Check.objects.latest("created_at"))
        assert fresh(good.pk).validation == "corrupt"
    bucket.put(stored.key, body)
    request_check(backup=good, actor=operator, level="content")
    check_here(Check.objects.latest("created_at"))
    assert fresh(good.pk).validation == "good"
    newer = backed_up_small(database, operator)
    delete_backup(backup=fresh(good.pk), actor=admin)
    assert not [name for name in bucket.names() if name.startswith(folder + "/") and folder]
    assert fresh(newer.pk).stored_objects.get().key in bucket.names()


@pytest.mark.exhaustive
def test_a_drill_and_a_restore_read_from_the_bucket(
    cloud: StorageTarget,
    bucket: Bucket,
    backed_up: MakeBackup,
    operator: User,
    server: TestServer,
) -> None:
    with backed_up() as backup:
        assert backup.stored_objects.get().target == cloud
        drill = check_here(Check.objects.get(backup=backup))
        assert (drill.status, drill.error) == ("completed", "")
        assert fresh(backup.pk).validation == "proven"
        assert any(name.endswith("/RESTORE.txt") for name in bucket.names())
        with new_name(server) as name:
            restore = restore_here(request_restore(wish=wish(backup, name), actor=operator))
            assert (restore.status, restore.error) == ("completed", "")


@pytest.mark.exhaustive
def test_copies_go_both_ways(
    cloud: StorageTarget,
    bucket: Bucket,
    storage_target: StorageTarget,
    database: Database,
    operator: User,
) -> None:
    there = backed_up_small(database, operator)
    down = copy_here(request_copy(backup=there, target=storage_target, actor=operator))
    assert (down.status, down.error) == ("completed", "")
    StorageTarget.objects.filter(pk=cloud.pk).update(is_default=False)
    StorageTarget.objects.filter(pk=storage_target.pk).update(is_default=True)
    here = backed_up_small(database, operator)
    up = copy_here(request_copy(backup=here, target=cloud, actor=operator))
    assert (up.status, up.error) == ("completed", "")
    for backup in (there, here):
        found = backup.stored_objects.select_related("target")
        assert {one.target.name for one in found} == {"cloud", "vault"}
        assert {one.sha256 for one in found} == {backup.sha256}
    body = bucket.body(here.stored_objects.get(target=cloud).key)
    assert hashlib.sha256(body).hexdigest() == here.sha256


@pytest.mark.exhaustive
def test_the_registry_is_rebuilt_from_the_bucket(
    cloud: StorageTarget, bucket: Bucket, database: Database, operator: User, admin: User
) -> None:
    backup = backed_up_small(database, operator)
    lost = backup.pk
    backup.stored_objects.all().delete()
    backup.delete()
    report = rescan(target=cloud, actor=admin, dry_run=False)
    assert report.complete
    assert fresh(lost).stored_objects.get().target == cloud
    # What lies below the prefix of another storage is that one's.
    inner = create_s3_target(
        company=cloud.company,
        name="inner",
        options=bucket.options(prefix="holdfast/inner"),
        secret=SECRET,
        actor=admin,
    )
    assert folders_of_others(cloud) == ("inner/",)
    assert folders_of_others(inner) == ()
    # Nothing of it is an orphan; a half without a manifest is one.
    half = fresh(lost).stored_objects.get().key.replace("-1/", "-9/")
    bucket.put(half, b"half")
    for _part in walk_target(Walk(cloud)):
        pass
    assert list(Orphan.objects.values_list("key", flat=True)) == [half]


def test_what_is_locked_stays_until_its_day(
    company: Company, s3_server: Server, database: Database, operator: User, admin: User
) -> None:
    bucket = Bucket(s3_server.endpoint, lock=True)
    cloud = made_target(company, bucket, lock_days=2)
    try_target(target=cloud)
    old, _new = backed_up_small(database, operator), backed_up_small(database, operator)
    assert lock_new_copies() == 2
    assert lock_new_copies() == 0
    stored = old.stored_objects.get()
    assert stored.retain_until == stored.stored_at + timedelta(days=2)
    with pytest.raises(Locked):
        delete_backup(backup=old, actor=admin)
    # A stolen session that got as far as the rows: the bucket says no, and nothing is halved.
    StoredObject.objects.update(retain_until=None)
    delete_backup(backup=old, actor=admin)
    assert finish_deletions() == 0
    assert {stored.key, f"{stored.key}.manifest.json"} <= set(bucket.names())
    with pytest.raises(ObjectLocked, match="locked until"):
        delete_bytes(target=cloud, key=stored.key)


@pytest.mark.exhaustive
def test_a_bucket_that_cannot_lock_is_named(
    company: Company, bucket: Bucket, database: Database, operator: User
) -> None:
    cloud = made_target(company, bucket, lock_days=2)
    with pytest.raises(NotLockable):
        try_target(target=cloud)
    backed_up_small(database, operator)
    assert lock_new_copies() == 0
    alert = Alert.objects.get(key=f"storage.not_locked:{cloud.pk}")
    assert "Object Lock" in alert.text
    # Not asked again with each round; and when it is mended, the alert is over.
    mended = Bucket(bucket.endpoint, lock=True)
    for name in bucket.names():
        mended.put(name, bucket.body(name))
    StorageTarget.objects.filter(pk=cloud.pk).update(options=mended.options(lock_days=2))
    assert lock_new_copies() == 0
    locking._failed.clear()
    assert lock_new_copies() == 1
    assert not Alert.objects.open().filter(pk=alert.pk).exists()
