"""What is told of databases: broken promises, old proofs, damaged copies; and when it is over."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from access.policy import System
from backups.alerting import (
    alert_broken_promises,
    alert_missing_copies,
    alert_old_proofs,
    end_alerts_of_what_is_gone,
)
from backups.models import BackupSchedule, Database, LevelResult
from backups.promise import GRACE, Promise
from backups.standing import standings
from monitoring.alerts.models import Alert
from monitoring.alerts.services import open_alert
from monitoring.times.clock import database_now
from monitoring.times.due import Timing
from storage.models import StoredObject
from tests.cast import company, database, make_backup, storage_target

__all__ = ["company", "database", "storage_target"]
pytestmark = pytest.mark.django_db
NIGHTLY = Timing(anchor=datetime(2026, 1, 1, tzinfo=UTC), zone="Europe/Berlin", cron="30 2 * * *")
LONG_AGO = datetime(2025, 1, 1, tzinfo=UTC)


def at(day: int, hour: int, minute: int = 0) -> datetime:
    return datetime(2026, 1, day, hour, minute, tzinfo=UTC)


def open_rules() -> list[str]:
    return sorted(Alert.objects.open().values_list("rule", flat=True))


class TestPromise:
    def test_own_hours_count_from_the_good_one(self) -> None:
        promise = Promise(hours=6, timings=((NIGHTLY, LONG_AGO),))
        assert promise.ends(good=at(5, 1)) == at(5, 7)

    def test_by_schedule_the_next_due_time_has_to_be_followed(self) -> None:
        promise = Promise(timings=((NIGHTLY, LONG_AGO),))
        # 02:30 in Berlin is 01:30 here; a run by hand at noon changes nothing.
        assert promise.ends(good=at(5, 1, 31)) == at(6, 1, 30) + GRACE
        assert promise.ends(good=at(5, 12)) == at(6, 1, 30) + GRACE

    def test_of_several_the_first_and_none_before_it_was_made(self) -> None:
        weekly = Timing(anchor=at(1, 0), cron="0 12 * * 1")
        promise = Promise(timings=((weekly, LONG_AGO), (NIGHTLY, at(4, 3))))
        assert promise.ends(good=at(2, 0)) == at(5, 1, 30) + GRACE
        late = Promise(timings=((NIGHTLY, at(4, 3)),))
        assert late.ends(good=at(1, 0)) == at(5, 1, 30) + GRACE

    def test_over_a_change_of_the_clock(self) -> None:
        promise = Promise(timings=((NIGHTLY, LONG_AGO),))
        # On 29 March 02:30 is skipped: the next instant is 03:00 there.
        good = datetime(2026, 3, 28, 1, 31, tzinfo=UTC)
        assert promise.ends(good=good) == datetime(2026, 3, 29, 1, 0, tzinfo=UTC) + GRACE

    def test_without_any_a_day_and_nobody_promised(self) -> None:
        assert Promise().ends(good=at(5, 1)) == at(6, 1)
        assert not Promise().was_given


class TestOverdue:
    def schedule(self, database: Database, **values: Any) -> BackupSchedule:
        made: BackupSchedule = BackupSchedule.objects.create(
            company=database.company,
            database=database,
            name="hourly",
            interval_minutes=60,
            **values,
        )
        old = database_now() - timedelta(days=30)
        BackupSchedule.objects.update(created_at=old)
        return made

    def test_by_its_schedule_until_there_is_a_good_one(self, database: Database) -> None:
        self.schedule(database)
        make_backup(database, age=timedelta(hours=5))
        alert_broken_promises()
        told = Alert.objects.open().get()
        assert (told.rule, told.about, told.severity) == ("backup.overdue", "orders", "critical")
        make_backup(database, age=timedelta(hours=4), validation="corrupt")
        make_backup(database, age=timedelta(hours=4), options={"tables": ["a"]})
        alert_broken_promises()
        assert told.pk == Alert.objects.open().get().pk
        make_backup(database, age=timedelta(minutes=50))
        alert_broken_promises()
        assert open_rules() == []

    @pytest.mark.parametrize("values", [{"enabled": False}, {"options": {"tables": ["a"]}}])
    def test_a_schedule_that_is_off_or_takes_a_part_promises_nothing(
        self, database: Database, values: dict[str, Any]
    ) -> None:
        self.schedule(database, **values)
        alert_broken_promises()
        assert open_rules() == []

    def test_its_own_hours_take_the_place(self, database: Database) -> None:
        self.schedule(database)
        make_backup(database, age=timedelta(hours=5))
        Database.objects.update(promise_hours=6)
        alert_broken_promises()
        assert open_rules() == []
        Database.objects.update(promise_hours=4)
        alert_broken_promises()
        assert open_rules() == ["backup.overdue"]
        Database.objects.update(deleted_at=database_now())
        alert_broken_promises()
        assert open_rules() == []

    def test_the_pages_say_the_same(self, database: Database) -> None:
        self.schedule(database)
        make_backup(database, age=timedelta(hours=5))
        [found] = standings(actor=System("test"), now=database_now())
        assert (found.is_safe, found.is_overdue, found.state) == (False, True, "late")
        assert "the next was promised" in found.reason


class TestProofs:
    def proven(self, database: Database, *, days: float) -> None:
        backup = make_backup(database, age=timedelta(days=days))
        stored = StoredObject.objects.create(
            company=backup.company, target=backup.storage, key=f"k{days}", size=1, sha256="ab" * 32
        )
        result = LevelResult.objects.create(
            backup=backup, stored=stored, level="restore", passed=True
        )
        old = database_now() - timedelta(days=days)
        LevelResult.objects.filter(pk=result.pk).update(checked_at=old)

    def test_the_last_proof_may_be_so_old(self, database: Database) -> None:
        alert_old_proofs()
        self.proven(database, days=31)
        alert_old_proofs()
        told = Alert.objects.open().get()
        assert told.subject == "orders was not proven to restore for 30 days"
        Database.objects.update(proof_days=0)
        alert_old_proofs()
        assert open_rules() == []
        Database.objects.update(proof_days=30)
        self.proven(database, days=2)
        alert_old_proofs()
        assert open_rules() == []

    def test_never_proven_counts_from_the_first_good_one(self, database: Database) -> None:
        make_backup(database, age=timedelta(days=29))
        alert_old_proofs()
        assert open_rules() == []
        make_backup(database, age=timedelta(days=40))
        alert_old_proofs()
        assert "No restore drill" in Alert.objects.open().get().text


def test_a_damaged_copy_of_a_kept_backup(database: Database) -> None:
    backup = make_backup(database)
    stored = StoredObject.objects.create(
        company=backup.company, target=backup.storage, key="k", size=1, sha256="ab" * 32
    )
    backup.stored_objects.add(stored)
    alert_missing_copies()
    assert open_rules() == []
    StoredObject.objects.update(state="missing")
    alert_missing_copies()
    told = Alert.objects.open().get()
    assert told.subject == "A copy of a backup of orders at vault: missing"
    type(backup).objects.filter(pk=backup.pk).update(deleted_at=database_now())
    alert_missing_copies()
    assert open_rules() == []


def test_what_is_gone_needs_nobody(database: Database) -> None:
    backup = make_backup(database)
    for key in (f"drill.failed:{backup.pk}", f"backup.failed:{database.pk}", "copy.failed:a:b"):
        open_alert(key=key, company=database.company, subject="x", thing=database)
    end_alerts_of_what_is_gone()
    assert open_rules() == ["backup.failed", "copy.failed", "drill.failed"]
    type(backup).objects.filter(pk=backup.pk).update(deleted_at=database_now())
    end_alerts_of_what_is_gone()
    assert open_rules() == ["backup.failed", "copy.failed"]
    Database.objects.update(deleted_at=database_now())
    end_alerts_of_what_is_gone()
    assert open_rules() == []
