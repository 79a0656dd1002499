"""The tick and schedules: one backup for each due time, in order, and a row that says what."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from django.db import IntegrityError, connection, transaction
from django.db.models import F
from django_q.models import OrmQ

from access.policy import System
from backups.models import Backup, BackupSchedule, Database, DueTime
from backups.outcome import write_failure
from backups.schedules import run_schedule, update_schedule
from backups.scheduling.queueing import queue_due_backups
from backups.scheduling.trying import queue_retries
from monitoring.alerts.models import Alert
from monitoring.files.courses import Failure
from monitoring.files.models import LogLine
from monitoring.times.clock import database_now
from storage.models import StorageTarget
from tests.backups.scheduling.conftest import MakeDue, only_due_time, overdue
from tests.cast import make_backup

pytestmark = pytest.mark.django_db
TEST = System("test")


def failed(backup: Backup, code: str) -> None:
    write_failure(backup=backup, failure=Failure(code, "away"))


class TestOneRun:
    def test_a_due_time_becomes_one_backup(self, due: MakeDue) -> None:
        schedule = due(options={"label": "night"})
        assert queue_due_backups() == 1
        assert queue_due_backups() == 0
        backup = Backup.objects.get()
        assert (backup.trigger, backup.schedule, backup.label) == ("schedule", schedule, "night")
        assert backup.due_time == only_due_time()
        assert OrmQ.objects.count() == 1
        schedule.refresh_from_db()
        assert schedule.watermark == only_due_time().due_at < database_now()
        assert schedule.next_at is not None and schedule.next_at > schedule.watermark

    def test_of_what_an_outage_missed_only_the_newest(self, due: MakeDue) -> None:
        overdue(due(), by=timedelta(days=40))
        assert queue_due_backups() == 1
        found = only_due_time()
        assert database_now() - found.due_at < timedelta(minutes=1)
        assert not found.late

    def test_a_late_one_says_so(self, due: MakeDue) -> None:
        overdue(due(interval_minutes=60 * 24), by=timedelta(hours=30))
        assert queue_due_backups() == 1
        assert only_due_time().late

    def test_a_paused_one_is_not_run_and_makes_up_for_nothing(self, due: MakeDue) -> None:
        schedule = due()
        update_schedule(schedule=schedule, actor=TEST, enabled=False)
        BackupSchedule.objects.update(watermark=F("watermark") - timedelta(days=3))
        assert queue_due_backups() == 0
        update_schedule(schedule=schedule, actor=TEST, enabled=True)
        assert queue_due_backups() == 0

    def test_a_changed_time_makes_up_for_nothing(self, due: MakeDue) -> None:
        update_schedule(schedule=due(), actor=TEST, cron="* * * * *")
        assert queue_due_backups() == 0

    def test_the_row_itself_refuses_a_second(self, due: MakeDue) -> None:
        due()
        queue_due_backups()
        one = only_due_time()
        with pytest.raises(IntegrityError), transaction.atomic():
            DueTime.objects.create(schedule=one.schedule, due_at=one.due_at, state="queued")

    def test_one_that_cannot_be_read_stops_no_other(self, due: MakeDue) -> None:
        broken = due(name="broken")
        BackupSchedule.objects.filter(pk=broken.pk).update(time_zone="Nowhere/Land")
        due(name="sound")
        assert queue_due_backups() == 1
        assert only_due_time().schedule.name == "sound"


class TestTheClock:
    def test_set_back_by_two_years_it_stops_nothing(self, due: MakeDue) -> None:
        schedule = due()
        queue_due_backups()
        Backup.objects.update(status="completed")
        # As the clock that is two years behind finds it.
        jump = timedelta(days=731)
        BackupSchedule.objects.update(watermark=F("watermark") + jump, next_at=F("next_at") + jump)
        DueTime.objects.update(due_at=F("due_at") + jump)
        assert queue_due_backups() == 0
        assert not only_due_time().counts
        overdue(schedule)
        assert queue_due_backups() == 1


class TestBusy:
    def test_behind_another_backup_of_the_database_it_waits(
        self, due: MakeDue, database: Database
    ) -> None:
        make_backup(database, status="running")
        due()
        assert queue_due_backups() == 1
        assert Backup.objects.filter(status="pending").count() == 1

    def test_behind_its_own_run_it_is_skipped_with_a_reason(self, due: MakeDue) -> None:
        schedule = due()
        queue_due_backups()
        DueTime.objects.update(due_at=F("due_at") - timedelta(days=1))
        overdue(schedule)
        assert queue_due_backups() == 0
        newest = DueTime.objects.first()
        assert newest is not None
        assert (newest.state, newest.reason_code) == ("skipped", "still_running")


class TestTargets:
    @pytest.fixture
    def second(self, storage_target: StorageTarget, tmp_path: Path) -> StorageTarget:
        options = {"folder": str(tmp_path / "second")}
        made: StorageTarget = StorageTarget.objects.create(
            company=storage_target.company, name="a second", options=options
        )
        return made

    def test_the_first_given_is_the_first(
        self, due: MakeDue, storage_target: StorageTarget, second: StorageTarget
    ) -> None:
        due(storages=[storage_target, second])
        queue_due_backups()
        assert Backup.objects.get().storage == storage_target
        assert not LogLine.objects.exists()

    def test_the_next_stands_in_with_a_warning(
        self, due: MakeDue, storage_target: StorageTarget, second: StorageTarget
    ) -> None:
        StorageTarget.objects.filter(pk=storage_target.pk).update(options={"folder": ""})
        due(storages=[storage_target, second])
        queue_due_backups()
        assert Backup.objects.get().storage == second
        line = LogLine.objects.get()
        assert line.level == "warning"
        assert "a second instead of vault" in line.message

    def test_without_any_it_is_tried_again_and_then_said(self, due: MakeDue) -> None:
        StorageTarget.objects.update(options={"folder": ""})
        due(interval_minutes=600, retries=1)
        overdue(BackupSchedule.objects.get(), by=timedelta(minutes=601))
        assert queue_due_backups() == 0
        assert (only_due_time().state, only_due_time().reason_code) == (
            "retrying",
            "storage_unavailable",
        )
        assert not Alert.objects.exists()
        DueTime.objects.update(retry_at=database_now())
        assert queue_retries() == 0
        assert only_due_time().state == "refused"
        assert Alert.objects.get().rule == "backup.failed"


class TestRetries:
    def rows(self, due: MakeDue, **values: Any) -> Backup:
        overdue(due(interval_minutes=600, **values), by=timedelta(minutes=601))
        assert queue_due_backups() == 1
        backup: Backup = Backup.objects.get()
        return backup

    def test_with_growing_pauses_and_an_alert_at_the_end_only(self, due: MakeDue) -> None:
        backup = self.rows(due, retries=2, retry_minutes=5)
        for pause in (5, 10):
            failed(backup, "connection_failed")
            wait = (only_due_time().retry_at or database_now()) - database_now()
            assert timedelta(minutes=pause - 1) < wait <= timedelta(minutes=pause)
            assert queue_retries() == 0
            DueTime.objects.update(retry_at=database_now())
            assert queue_retries() == 1
            assert queue_retries() == 0
            backup = Backup.objects.get(error_code="")
        assert not Alert.objects.exists()
        failed(backup, "connection_failed")
        assert only_due_time().retry_at is None
        assert Alert.objects.count() == 1
        assert Backup.objects.filter(due_time=only_due_time()).count() == 3

    @pytest.mark.parametrize("code", ["authentication_failed", "dump_failed", "disk_full"])
    def test_others_are_not_tried_again(self, due: MakeDue, code: str) -> None:
        failed(self.rows(due), code)
        assert only_due_time().retry_at is None
        assert Alert.objects.count() == 1

    def test_after_a_storage_that_broke_the_next_one_is_tried(
        self, due: MakeDue, storage_target: StorageTarget, tmp_path: Path
    ) -> None:
        second = StorageTarget.objects.create(
            company=storage_target.company, name="second", options={"folder": str(tmp_path / "2")}
        )
        failed(self.rows(due, storages=[storage_target, second]), "storage_unavailable")
        DueTime.objects.update(retry_at=database_now())
        assert queue_retries() == 1
        assert Backup.objects.get(error_code="").storage == second

    def test_none_that_would_come_after_the_next_due_time(self, due: MakeDue) -> None:
        due(retry_minutes=5)
        queue_due_backups()
        failed(Backup.objects.get(), "connection_failed")
        assert only_due_time().retry_at is None
        assert Alert.objects.count() == 1


def test_run_now_belongs_to_the_schedule_and_leaves_its_times(due: MakeDue) -> None:
    schedule = due()
    before = schedule.watermark
    backup = run_schedule(schedule=schedule, actor=TEST, trigger="manual")
    assert (backup.schedule, backup.trigger) == (schedule, "manual")
    schedule.refresh_from_db()
    assert schedule.watermark == before


def _tick(_number: int) -> int:
    try:
        return queue_due_backups()
    finally:
        connection.close()


@pytest.mark.exhaustive
@pytest.mark.django_db(transaction=True)
def test_a_thousand_due_at_once_with_three_ticks(
    company: Any, storage_target: StorageTarget, database: Database
) -> None:
    minute = database_now().replace(second=0, microsecond=0) - timedelta(minutes=1)
    databases = Database.objects.bulk_create(
        Database(company=company, name=f"db{n}", host="/none", database_name="x", username="x")
        for n in range(1000)
    )
    for number, one in enumerate(databases):
        # Seven due times, in no order of the rows.
        one.due_at = minute - timedelta(seconds=number % 7 * 60)
    BackupSchedule.objects.bulk_create(
        BackupSchedule(
            company=company,
            database=one,
            name=one.name,
            interval_minutes=60 * 24,
            created_at=one.due_at,
            next_at=one.due_at,
            watermark=one.due_at - timedelta(hours=1),
        )
        for one in databases
    )
    began = database_now()
    with ThreadPoolExecutor(3) as threads:
        assert sum(threads.map(_tick, range(3))) == 1000
    took = database_now() - began
    assert Backup.objects.count() == OrmQ.objects.count() == 1000
    assert DueTime.objects.values("schedule").distinct().count() == 1000
    order = _queued_order()
    dues = dict(Backup.objects.values_list("pk", "due_time__due_at"))
    assert [dues[pk] for pk in order] == sorted(dues.values())
    assert took < timedelta(seconds=10)


def _queued_order() -> list[UUID]:
    tasks = OrmQ.objects.order_by("lock", "id")
    return [UUID(task.task["args"][0]) for task in tasks]
