"""Re-checks: each copy in its turn, spread over the period, never in the way of anything."""

from datetime import timedelta
from typing import Any

import pytest
from django.conf import settings
from django.utils import timezone

from access.models import AuditEntry, User
from backups.alerting import alert_missing_copies
from backups.checks.queueing import claim_check, make_way
from backups.checks.reading import slowed
from backups.checks.requesting import request_check
from backups.copying.requesting import request_copy
from backups.deletion import delete_backup
from backups.models import Backup, Check, Database
from backups.upkeep import rechecks
from backups.upkeep.rechecks import next_copy, queue_rechecks, request_recheck
from monitoring.alerts.models import Alert
from monitoring.files.models import TrackedFile
from storage.models import StorageTarget, StoredObject
from tests.backups.checks.conftest import check_here
from tests.backups.copying.conftest import copy_here, made, path_at, spoil
from tests.cast import make_backup

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.xdist_group("copying")]

DAY = timedelta(days=1)


def copies(database: Database, target: StorageTarget, count: int, **facts: Any) -> None:
    """Rows alone, each of 10 MB, looked at that many days ago: 1, 2, 3, …"""
    for number in range(1, count + 1):
        backup = make_backup(database, age=DAY * 100)
        values = {"checked_at": timezone.now() - DAY * number, "size": 10_000_000, **facts}
        stored = StoredObject.objects.create(
            company=database.company, target=target, key=f"k{number}", sha256="", **values
        )
        backup.stored_objects.add(stored)
    TrackedFile.objects.update(status="completed")


def recheck_was(days_ago: float) -> None:
    Check.objects.update(status="completed", created_at=timezone.now() - DAY * days_ago)
    TrackedFile.objects.update(status="completed")


@pytest.mark.exhaustive
def test_the_one_that_waited_longest_then_a_pause(
    database: Database, storage_target: StorageTarget
) -> None:
    copies(database, storage_target, 20)
    stored = next_copy()
    assert stored is not None
    assert stored.key == "k20"
    check = request_recheck(stored)
    assert check is not None
    assert next_copy() is None, "one at a time"
    StoredObject.objects.filter(pk=stored.pk).update(checked_at=timezone.now())
    # 20 copies in 27 days: one in 1.35 days.
    recheck_was(1.3)
    assert next_copy() is None
    recheck_was(1.4)
    following = next_copy()
    assert following is not None
    assert following.key == "k19"


@pytest.mark.exhaustive
def test_a_month_is_enough_for_all_and_no_day_has_many(
    database: Database, storage_target: StorageTarget, monkeypatch: pytest.MonkeyPatch
) -> None:
    copies(database, storage_target, 20, checked_at=timezone.now() - DAY * 14)
    now = timezone.now()
    done: list[int] = []
    for hour in range(0, 24 * 31, 6):
        moment = now + timedelta(hours=hour)
        monkeypatch.setattr(rechecks, "database_now", lambda moment=moment: moment)
        stored = next_copy()
        if stored is not None:
            check = request_recheck(stored)
            assert check is not None
            Check.objects.filter(pk=check.pk).update(status="completed", created_at=moment)
            TrackedFile.objects.update(status="completed")
            StoredObject.objects.filter(pk=stored.pk).update(checked_at=moment)
            done.append(hour // 24)
    assert len(done) >= 20
    assert max(done.count(day) for day in set(done)) <= 4, "also while it catches up"
    oldest = StoredObject.objects.order_by("checked_at").values_list("checked_at", flat=True)[0]
    assert oldest is not None
    assert moment - oldest < DAY * 30


def test_not_while_anything_is_at_work(database: Database, storage_target: StorageTarget) -> None:
    copies(database, storage_target, 20)
    backup = make_backup(database)
    TrackedFile.objects.filter(backup=backup).update(status="processing")
    assert next_copy() is None
    # But where it is never quiet, backups come before it anyway.
    StoredObject.objects.update(checked_at=timezone.now() - DAY * 50)
    assert next_copy() is not None


def test_a_clock_that_was_ahead_hides_nothing(
    database: Database, storage_target: StorageTarget
) -> None:
    copies(database, storage_target, 1, checked_at=timezone.now() + DAY * 400)
    assert next_copy() is not None


def test_zero_days_are_never(
    database: Database, storage_target: StorageTarget, settings: Any
) -> None:
    copies(database, storage_target, 1, checked_at=timezone.now() - DAY * 400)
    rechecks._looked.clear()
    off = type(settings.ENVIRONMENT)(**{**vars(settings.ENVIRONMENT), "recheck_days": 0})
    settings.ENVIRONMENT = off
    assert queue_rechecks() == 0


def test_damage_is_found_marked_and_told_once(
    backup: Backup, storage_target: StorageTarget, second: StorageTarget, operator: User
) -> None:
    copy_here(request_copy(backup=backup, target=second, actor=operator))
    spoil(path_at(backup, second))
    StoredObject.objects.filter(target=second).update(checked_at=timezone.now() - DAY * 40)
    rechecks._looked.clear()
    assert queue_rechecks() == 1
    assert queue_rechecks() == 0, "it looks once a minute"
    check = check_here(Check.objects.get())
    assert (check.status, check.outcome) == ("completed", "corrupt")
    stored = StoredObject.objects.get(target=second)
    assert stored.state == "corrupt"
    backup.refresh_from_db()
    assert backup.validation == "good", "the first copy is whole"
    alert_missing_copies()
    assert [one.rule for one in Alert.objects.all()] == ["copy.missing"]
    assert AuditEntry.objects.filter(action="copy.lost").count() == 1
    # What is lost is looked at each day: a disk may come back.
    StoredObject.objects.filter(pk=stored.pk).update(checked_at=timezone.now() - DAY * 2)
    Check.objects.update(created_at=timezone.now() - DAY * 30)
    assert next_copy() == stored
    check_here(request_recheck(stored))  # type: ignore[arg-type]
    alert_missing_copies()
    assert Alert.objects.count() == 1


def test_the_only_copy_is_lost_and_comes_back(
    backup: Backup, storage_target: StorageTarget
) -> None:
    path = path_at(backup, storage_target)
    body = path.read_bytes()
    path.unlink()
    stored = backup.stored_objects.get()
    check_here(request_recheck(stored))  # type: ignore[arg-type]
    backup.refresh_from_db()
    assert (backup.validation, backup.validation_level) == ("missing", "checksum")
    path.write_bytes(body)
    check_here(request_recheck(stored))  # type: ignore[arg-type]
    backup.refresh_from_db()
    stored.refresh_from_db()
    assert (backup.validation, stored.state) == ("good", "stored")


@pytest.mark.exhaustive
def test_it_yields_to_people(
    database: Database, backup: Backup, operator: User, admin: User
) -> None:
    recheck = request_recheck(backup.stored_objects.get())
    assert recheck is not None
    check = request_check(backup=backup, actor=operator)
    recheck.refresh_from_db()
    assert recheck.status == "cancelled"
    assert check_here(check).outcome == "good"
    recheck = request_recheck(backup.stored_objects.get())
    assert recheck is not None
    made(database, operator)
    delete_backup(backup=backup, actor=admin)
    recheck.refresh_from_db()
    assert recheck.status == "cancelled"
    assert request_recheck(StoredObject.objects.filter(backups=backup)[0]) is None


@pytest.mark.exhaustive
def test_it_waits_for_checks_and_makes_way(
    database: Database, backup: Backup, operator: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = made(database, operator)
    recheck = request_recheck(backup.stored_objects.get())
    assert recheck is not None
    asked = request_check(backup=other, actor=operator)
    assert claim_check(check_id=recheck.pk) is None, "what people asked for comes first"
    assert claim_check(check_id=asked.pk) is not None
    Check.objects.filter(pk=asked.pk).update(status="completed")
    assert claim_check(check_id=recheck.pk) is not None
    TrackedFile.objects.filter(check_run=asked).update(
        status="queued", created_at=timezone.now() - timedelta(minutes=1)
    )
    assert make_way() == 1
    recheck.refresh_from_db()
    assert recheck.status == "pending"


def test_the_rate_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    naps: list[float] = []
    monkeypatch.setattr("backups.checks.reading.time.sleep", naps.append)
    monkeypatch.setattr("backups.checks.reading.time.monotonic", lambda: 0.0)
    counted: list[int] = []
    read = slowed(counted.append)
    second_of_bytes = settings.ENVIRONMENT.recheck_mb_a_second << 20
    read(second_of_bytes // 2)
    read(second_of_bytes * 5)
    assert naps == [0.5, 1.0]
    assert sum(counted) == second_of_bytes * 5 + second_of_bytes // 2
