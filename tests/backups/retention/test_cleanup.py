"""Cleanups: only what the preview named, only while the clock can be trusted, and told."""

from datetime import timedelta

import pytest
from django.db.models import F

from access.models import AuditEntry, User
from access.policy import NotAllowed, System
from backups.deletion import delete_backup
from backups.errors import Locked
from backups.models import Backup, BackupSchedule, Cleanup, Database
from backups.retention.cleanup import carry_out, clean_database
from backups.retention.nightly import clean_up
from backups.retention.plan import Reason, Stop
from backups.retention.preview import preview_cleanup
from monitoring.alerts.models import Alert
from monitoring.times.clock import database_now
from restores.models import Restore
from storage.models import StorageTarget, StoredObject
from tests.cast import make_backup

pytestmark = pytest.mark.django_db
TEST = System("test")


def left(database: Database) -> set[object]:
    return set(Backup.objects.filter(database=database).values_list("pk", flat=True))


def test_the_preview_says_what_stays_and_why(database: Database, month: list[Backup]) -> None:
    preview = preview_cleanup(database=database)
    assert preview.going == month[3:6]
    assert [row.words for row in preview.rows][:2] == [
        ["one of the last", "the newest good one", "the newest good one of the whole database"],
        ["one of the last"],
    ]
    assert preview.rows[-1].words == ["nothing says that it goes"]
    assert preview.stop is None


def test_what_it_named_goes_and_nothing_else(database: Database, month: list[Backup]) -> None:
    named = [one.pk for one in preview_cleanup(database=database).going][:2]
    cleanup = clean_database(database=database, actor=TEST, named=named)
    assert cleanup is not None
    assert left(database) == {one.pk for one in month} - set(named)
    cleanup.refresh_from_db()
    assert set(cleanup.removed) == {str(pk) for pk in named} == set(cleanup.planned)
    assert AuditEntry.objects.filter(action="backup.expired").count() == 2
    assert Backup.every.filter(pk__in=named, purged_at__isnull=False).count() == 2


def test_by_hand_it_follows_the_databases_own_policy(
    database: Database, month: list[Backup]
) -> None:
    Database.objects.update(retention={"days": 30})
    assert month[6] in preview_cleanup(database=database).going


def test_what_became_kept_after_the_preview_stays(database: Database, month: list[Backup]) -> None:
    cleanup = Cleanup.objects.create(
        company=database.company,
        database=database,
        asked_by="test",
        planned=[str(one.pk) for one in month],
    )
    Backup.objects.filter(pk=month[3].pk).update(pinned=True)
    Backup.objects.filter(pk=month[4].pk).update(held=True)
    carry_out(cleanup=cleanup, actor=TEST)
    assert left(database) == {one.pk for one in month} - {month[5].pk}


def test_one_in_use_or_locked_by_its_storage_stays(
    database: Database, month: list[Backup], storage_target: StorageTarget
) -> None:
    Restore.objects.create(
        company=database.company, backup=month[3], server=database, target_name="copy"
    )
    stored = StoredObject.objects.create(
        company=database.company,
        target=storage_target,
        key="a/b",
        size=1,
        sha256="0",
        retain_until=database_now() + timedelta(days=9),
    )
    month[4].stored_objects.add(stored)
    reasons = {row.backup.pk: row.verdict.stays for row in preview_cleanup(database=database).rows}
    assert reasons[month[3].pk] == (Reason.IN_USE,)
    assert reasons[month[4].pk] == (Reason.LOCKED,)
    clean_database(database=database, actor=TEST)
    assert left(database) == {one.pk for one in month} - {month[5].pk}
    with pytest.raises(Locked):
        delete_backup(backup=month[4], actor=TEST, force=True)


class TestWho:
    def test_an_administrator_may(
        self, database: Database, month: list[Backup], admin: User
    ) -> None:
        cleanup = clean_database(database=database, actor=admin)
        assert cleanup is not None and cleanup.asked_by == "ada"
        assert len(left(database)) == len(month) - 3

    def test_an_operator_may_not(
        self, database: Database, month: list[Backup], operator: User
    ) -> None:
        with pytest.raises(NotAllowed):
            clean_database(database=database, actor=operator)
        assert len(left(database)) == len(month)


class TestTheClock:
    @pytest.fixture
    def old(self, month: list[Backup]) -> list[Backup]:
        """As a database finds them whose clock has jumped by two years."""
        BackupSchedule.objects.update(keep_last=None, keep_days=30)
        Backup.objects.update(completed_at=F("completed_at") - timedelta(days=731))
        return month

    def test_half_of_all_at_once_by_time_stops_and_tells(
        self, database: Database, old: list[Backup]
    ) -> None:
        assert clean_up() == 1
        assert clean_up() == 0
        assert len(left(database)) == len(old)
        database.refresh_from_db()
        assert database.cleanup_stopped == Stop.TOO_MANY
        assert Alert.objects.get().rule == "cleanup.stopped"

    def test_until_a_person_confirms(
        self, database: Database, old: list[Backup], admin: User
    ) -> None:
        clean_up()
        # Also when the share has become smaller meanwhile.
        for _ in range(20):
            make_backup(database)
        database.refresh_from_db()
        assert clean_database(database=database, actor=admin) is None
        assert clean_database(database=database, actor=admin, confirmed=True) is not None
        # The one by hand, and the newest by the time of its request.
        assert left(database) >= {old[0].pk, old[6].pk}
        assert len(left(database)) == 22
        assert Database.objects.get().cleanup_stopped == ""

    def test_a_backup_stamped_later_than_now_stops_it_for_as_long(
        self, database: Database, month: list[Backup]
    ) -> None:
        Backup.objects.filter(pk=month[1].pk).update(
            completed_at=database_now() + timedelta(days=700)
        )
        clean_up()
        assert len(left(database)) == len(month)
        assert Database.objects.get().cleanup_stopped == Stop.CLOCK_BEHIND
        Backup.objects.filter(pk=month[1].pk).update(completed_at=month[1].completed_at)
        assert clean_database(database=Database.objects.get(), actor=TEST) is not None
        assert len(left(database)) == len(month) - 3


class TestTheTick:
    def test_once_a_night_and_after_a_scheduled_backup(
        self, database: Database, schedule: BackupSchedule, month: list[Backup]
    ) -> None:
        assert clean_up() == 1
        assert clean_up() == 0
        assert len(left(database)) == len(month) - 3
        make_backup(database, completed_at=database_now())
        assert clean_up() == 0
        make_backup(database, completed_at=database_now(), schedule=schedule)
        assert clean_up() == 1
        Database.objects.update(cleaned_at=database_now() - timedelta(hours=25))
        assert clean_up() == 1

    def test_what_a_crash_left_is_ended(self, database: Database, month: list[Backup]) -> None:
        Database.objects.update(cleaned_at=database_now())
        cleanup = Cleanup.objects.create(
            company=database.company,
            database=database,
            asked_by="test",
            planned=[str(month[4].pk)],
        )
        clean_up()
        assert left(database) == {one.pk for one in month} - {month[4].pk}
        cleanup.refresh_from_db()
        assert cleanup.ended_at is not None
        assert cleanup.removed == [str(month[4].pk)]
