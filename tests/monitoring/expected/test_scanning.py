"""The scanner: what is missing is found once, by one of many; an outage invents nothing."""

import threading
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from access.models import Company
from monitoring.alerts.models import Alert
from monitoring.expected.arrivals import Arrival, record_entry
from monitoring.expected.models import BackupEntry, ExpectedBackupJob, JobRun, WatchGap
from monitoring.expected.scanning import scan_jobs
from monitoring.expected.telling import tell_changes
from monitoring.heartbeats.models import Heartbeat
from monitoring.times.clock import database_now
from tests.monitoring.expected.conftest import expect, overdue

pytestmark = pytest.mark.django_db


def reloaded(job: ExpectedBackupJob) -> ExpectedBackupJob:
    return ExpectedBackupJob.objects.get(pk=job.pk)


def test_nothing_is_missing_before_it_is_due(job: ExpectedBackupJob) -> None:
    assert (scan_jobs(), BackupEntry.objects.count()) == (0, 0)
    assert reloaded(job).current_status == "UNKNOWN"


def test_what_did_not_come_is_missing_once_and_told_once(job: ExpectedBackupJob) -> None:
    due = overdue(job)
    assert scan_jobs() == 1
    entry = BackupEntry.objects.get()
    assert (entry.status, entry.source, entry.expected_at) == ("MISSING", "scanner", due)
    found = reloaded(job)
    assert (found.current_status, found.status_due_at) == ("MISSING", due)
    assert found.next_check_at is not None
    assert found.next_check_at > database_now()
    assert found.next_expected_at == due + timedelta(hours=1)
    assert scan_jobs() == 0
    assert (tell_changes(), tell_changes(), Alert.objects.count()) == (1, 0, 1)
    overdue(job)
    assert scan_jobs() == 0
    assert BackupEntry.objects.count() == 1


def test_what_came_is_not_missing(job: ExpectedBackupJob) -> None:
    due = overdue(job)
    record_entry(job_id=job.pk, arrival=Arrival("SUCCESS", "ping", at=due))
    assert scan_jobs() == 0
    assert reloaded(job).current_status == "SUCCESS"
    assert not tell_changes() or not Alert.objects.exists()


def test_a_late_arrival_turns_it_and_says_so(job: ExpectedBackupJob) -> None:
    due = overdue(job)
    scan_jobs()
    tell_changes()
    entry = record_entry(job_id=job.pk, arrival=Arrival("SUCCESS", "report", at=due))
    assert (entry.status, [one["status"] for one in entry.history]) == ("SUCCESS", ["MISSING"])
    assert "late" in [one["code"] for one in entry.warnings]
    assert tell_changes() == 1
    assert Alert.objects.get().resolved_at is not None


def test_a_paused_job_is_not_looked_at(job: ExpectedBackupJob) -> None:
    overdue(job)
    ExpectedBackupJob.objects.update(is_active=False)
    assert (scan_jobs(), BackupEntry.objects.count()) == (0, 0)


def test_while_nobody_watched_nothing_is_called_missing(job: ExpectedBackupJob) -> None:
    overdue(job, days=3)
    Heartbeat.objects.create(name="scanner", at=database_now() - timedelta(days=3))
    assert scan_jobs() == 0
    [entry] = BackupEntry.objects.all()
    assert entry.status == "UNKNOWN"
    assert "Nobody watched" in str(entry.error_message)
    assert reloaded(job).current_status == "UNKNOWN"
    tell_changes()
    assert not Alert.objects.exists()
    assert WatchGap.objects.count() == 1
    # What is due from now on is.
    WatchGap.objects.update(ended_at=database_now() - timedelta(hours=2))
    overdue(job)
    BackupEntry.objects.all().delete()
    assert scan_jobs() == 1


def test_a_snoozed_job_is_told_of_afterwards(job: ExpectedBackupJob) -> None:
    overdue(job)
    scan_jobs()
    ExpectedBackupJob.objects.update(snoozed_until=database_now() + timedelta(hours=1))
    assert (tell_changes(), Alert.objects.count()) == (0, 0)
    ExpectedBackupJob.objects.update(snoozed_until=database_now())
    assert (tell_changes(), Alert.objects.count()) == (1, 1)


def test_the_first_report_has_time(company: Company) -> None:
    by = database_now() + timedelta(hours=1)
    job = expect(company, first_report_by=by.isoformat())
    overdue(job, hours=5)
    assert scan_jobs() == 0
    assert reloaded(job).next_check_at == by
    ExpectedBackupJob.objects.update(first_report_by=database_now(), next_check_at=database_now())
    assert scan_jobs() == 1


def test_a_start_without_an_end(company: Company) -> None:
    job = expect(company, end_within_minutes=30)
    due = overdue(job)
    began = database_now() - timedelta(minutes=20)
    run = JobRun.objects.create(job=job, started_at=began)
    # It may still end: neither missing nor failed.
    assert (scan_jobs(), BackupEntry.objects.count()) == (0, 0)
    assert reloaded(job).next_check_at == began + timedelta(minutes=30)
    JobRun.objects.filter(pk=run.pk).update(started_at=due + timedelta(seconds=1))
    ExpectedBackupJob.objects.update(next_check_at=database_now(), end_within_minutes=1)
    assert scan_jobs() == 0
    entry = BackupEntry.objects.get()
    assert (entry.status, entry.expected_at) == ("FAILED", due)
    assert "did not end within 1 min" in str(entry.error_message)
    assert JobRun.objects.get().ended_at is not None


def test_a_hung_run_does_not_hide_behind_a_good_one(company: Company) -> None:
    job = expect(company, end_within_minutes=1)
    due = overdue(job)
    JobRun.objects.create(job=job, started_at=due + timedelta(seconds=1))
    record_entry(job_id=job.pk, arrival=Arrival("SUCCESS", "ping", at=due))
    scan_jobs()
    assert BackupEntry.objects.get(expected_at=due).status == "FAILED"


def test_the_newest_success_grows_old(company: Company) -> None:
    job = expect(company, max_age_hours=2)
    now = database_now()
    record_entry(job_id=job.pk, arrival=Arrival("SUCCESS", "ping", at=now - timedelta(hours=3)))
    ExpectedBackupJob.objects.update(next_check_at=now)
    scan_jobs()
    assert reloaded(job).is_too_old
    tell_changes()
    assert "more than 2 hours" in Alert.objects.get().subject
    record_entry(job_id=job.pk, arrival=Arrival("SUCCESS", "ping"))
    assert not reloaded(job).is_too_old
    assert (tell_changes(), Alert.objects.count()) == (1, 1)
    assert Alert.objects.get().resolved_at is not None


def test_a_clock_that_ran_ahead_does_not_burn_the_future(job: ExpectedBackupJob) -> None:
    now = database_now()
    ahead = now + timedelta(days=3)
    ExpectedBackupJob.objects.update(watermark=ahead, next_check_at=ahead)
    BackupEntry.objects.create(
        job=job, company=job.company, expected_at=ahead, status="MISSING", source="scanner"
    )
    scan_jobs()
    found = reloaded(job)
    assert not BackupEntry.objects.exists()
    assert found.next_check_at is not None
    assert found.next_check_at < now + timedelta(hours=2)


def test_one_that_cannot_be_read_takes_no_other_with_it(company: Company) -> None:
    broken, whole = expect(company), expect(company, city="Faro")
    overdue(broken)
    overdue(whole)
    ExpectedBackupJob.objects.filter(pk=broken.pk).update(
        backup_frequency="custom", cron="0 4 * * *", timezone="Nowhere/Gone"
    )
    assert scan_jobs() == 1
    assert reloaded(whole).current_status == "MISSING"


@pytest.mark.django_db(transaction=True)
def test_many_at_once_find_each_once(company: Company) -> None:
    for number in range(60):
        overdue(expect(company, city=f"City {number}"))
    found: list[int] = []

    def scan() -> None:
        found.append(scan_jobs())
        connection.close()

    threads = [threading.Thread(target=scan) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(found) == 60
    tell_changes()
    assert BackupEntry.objects.count() == Alert.objects.count() == 60


def test_a_round_asks_as_often_for_many_as_for_one(company: Company) -> None:
    scan_jobs()
    counts = []
    for number in (1, 40):
        for place in range(number):
            overdue(expect(company, city=f"{number} {place}", end_within_minutes=5))
        with CaptureQueriesContext(connection) as asked:
            assert scan_jobs() == number
        counts.append(len(asked))
    assert counts[0] == counts[1]
