"""What arrives becomes the one entry of its due time; the newest word counts, with its history."""

from datetime import UTC, datetime, timedelta

import pytest

from access.models import Company
from monitoring.expected.arrivals import Arrival, record_entry
from monitoring.expected.errors import BadField, NotFound
from monitoring.expected.models import BackupEntry, ExpectedBackupJob
from monitoring.times.clock import database_now
from tests.monitoring.expected.conftest import expect

pytestmark = pytest.mark.django_db
NOON = datetime(2026, 6, 2, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)


def arrive(job: ExpectedBackupJob, status: str = "SUCCESS", **facts: object) -> BackupEntry:
    values: dict[str, object] = {"source": "report", "at": NOON, **facts}
    return record_entry(job_id=job.pk, arrival=Arrival(status=status, **values))  # type: ignore[arg-type]


def test_one_entry_for_a_due_time_however_often(job: ExpectedBackupJob) -> None:
    first = arrive(job, at=NOON + timedelta(minutes=3))
    again = arrive(job, at=NOON + timedelta(minutes=30))
    assert (first.pk, again.expected_at, again.history) == (again.pk, NOON, [])
    assert arrive(job, at=NOON + HOUR).pk != first.pk
    job.refresh_from_db()
    assert (job.current_status, job.status_due_at) == ("SUCCESS", NOON + HOUR)
    assert job.last_success_at == NOON + HOUR


def test_the_newest_word_counts_and_the_ones_before_are_kept(job: ExpectedBackupJob) -> None:
    arrive(job, "FAILED", message="disk full", source="ping")
    found = arrive(job, "SUCCESS")
    assert (found.status, found.source, found.error_message) == ("SUCCESS", "report", None)
    [before] = found.history
    assert (before["status"], before["source"], before["message"]) == (
        *("FAILED", "ping"),
        "disk full",
    )
    assert arrive(job, "FAILED").status == "FAILED"
    job.refresh_from_db()
    assert job.current_status == "FAILED"


def test_what_the_bytes_said_is_not_made_good_by_a_word(job: ExpectedBackupJob) -> None:
    arrive(job, "HASH_MISMATCH", source="deposit", hash="a" * 64)
    kept = arrive(job, "SUCCESS", source="ping", hash="b" * 64)
    assert (kept.status, kept.source, kept.backup_hash) == ("HASH_MISMATCH", "deposit", "a" * 64)
    assert arrive(job, "SUCCESS", source="upload", hash="b" * 64).backup_hash == "b" * 64


def test_another_hash_of_the_same_backup_is_a_mismatch(job: ExpectedBackupJob) -> None:
    arrive(job, hash="a" * 64)
    assert arrive(job, hash="A" * 64).status == "SUCCESS"
    assert arrive(job, source="upload", hash="b" * 64).status == "HASH_MISMATCH"


def test_an_older_one_does_not_change_what_the_job_says(job: ExpectedBackupJob) -> None:
    arrive(job, at=NOON)
    arrive(job, "FAILED", at=NOON - HOUR)
    job.refresh_from_db()
    assert (job.current_status, job.status_due_at) == ("SUCCESS", NOON)


def test_what_is_expected_next_moves_on(job: ExpectedBackupJob) -> None:
    now = database_now()
    arrive(job, at=now)
    job.refresh_from_db()
    assert job.next_expected_at is not None
    assert now < job.next_expected_at <= now + HOUR


def test_an_early_one_is_that_of_the_coming_time(company: Company) -> None:
    job = expect(company, early_minutes=5)
    assert arrive(job, at=NOON - timedelta(minutes=1)).expected_at == NOON
    assert arrive(job, at=NOON - timedelta(minutes=6)).expected_at == NOON - HOUR


def test_what_cannot_be(job: ExpectedBackupJob) -> None:
    with pytest.raises(BadField, match="future"):
        arrive(job, at=database_now() + timedelta(hours=2))
    with pytest.raises(NotFound):
        record_entry(job_id=job.pk + 1000, arrival=Arrival("SUCCESS", "report"))


def test_evidence(company: Company) -> None:
    job = expect(
        company, min_size_bytes=100, max_size_change_percent=50, require_content_check=True
    )
    for hour in range(1, 4):
        arrive(job, at=NOON - hour * HOUR, size=1000, hash=f"{hour:064}", content_passed=True)
    good = arrive(job, size=1400, hash="f" * 64, content_passed=True)
    assert (good.status, [one["code"] for one in good.warnings]) == ("SUCCESS", ["late"])
    far = arrive(job, size=400, at=NOON + HOUR, hash="f" * 64)
    codes = [one["code"] for one in far.warnings]
    assert (far.status, codes) == (
        "SUCCESS",
        ["size_changed", "unchanged", "content_not_checked", "late"],
    )
    small = arrive(job, size=20, at=NOON + 2 * HOUR)
    assert (small.status, small.error_message) == (
        "FAILED",
        "It has 20 B; at least 100 B are expected.",
    )
    spoilt = arrive(job, size=1000, at=NOON + 3 * HOUR, content_passed=False)
    assert spoilt.status == "FAILED"


def test_run_times(company: Company) -> None:
    job = expect(company, min_run_seconds=10, max_run_seconds=60)
    for ran, code in ((5, "run_too_short"), (30, None), (61.5, "run_too_long")):
        codes = {one["code"] for one in arrive(job, run_seconds=ran).warnings} - {"late"}
        assert codes == ({code} if code else set())
