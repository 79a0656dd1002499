"""What was deposited is read to its end by a worker, and its entry says what came of it."""

import hashlib
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from access.models import Company
from backups.expected_contents import read_content
from monitoring.alerts.models import Alert
from monitoring.expected.arrivals import Arrival, record_entry
from monitoring.expected.contents.answering import (
    MOST_ATTEMPTS,
    run_round,
    settle,
    wake_content_checks,
)
from monitoring.expected.contents.asking import Verdict
from monitoring.expected.deposits.taking import take_deposits
from monitoring.expected.models import BackupEntry, ContentCheck, ExpectedBackupJob
from monitoring.expected.telling import tell_changes
from monitoring.times.clock import database_now
from storage.models import StoredObject
from tests.backups.rescan.test_importing import dumped_table
from tests.cast import company
from tests.monitoring.expected.conftest import expect
from tests.monitoring.expected.test_deposits import deposit, root, vault
from tests.restores.received.dumps import aged, gzipped, zstandard

__all__ = ["company", "root", "vault"]
pytestmark = pytest.mark.django_db


@pytest.fixture
def job(company: Company, vault: Path) -> ExpectedBackupJob:
    return expect(company, require_content_check=True, grace_minutes=60)


def again(job: ExpectedBackupJob) -> ExpectedBackupJob:
    return ExpectedBackupJob.objects.get(pk=job.pk)


def take(root: Path, job: ExpectedBackupJob, body: bytes, **said: Any) -> BackupEntry:
    facts = {"backup_hash": hashlib.sha256(body).hexdigest(), "backup_size_bytes": len(body)}
    deposit(root, job, body, **{**facts, **said})
    assert take_deposits(root) == 1
    return BackupEntry.objects.latest("pk")


def read(root: Path, job: ExpectedBackupJob, body: bytes) -> BackupEntry:
    entry = take(root, job, body)
    assert run_round() == 1
    assert not ContentCheck.objects.exists()
    return BackupEntry.objects.get(pk=entry.pk)


def test_until_it_is_read_it_is_a_success_with_a_warning(
    root: Path, job: ExpectedBackupJob
) -> None:
    entry = take(root, job, dumped_table())
    assert [one["code"] for one in entry.warnings] == ["content_not_checked"]
    assert wake_content_checks()
    assert not wake_content_checks()
    assert run_round() == 1
    entry.refresh_from_db()
    assert (entry.status, entry.content_passed, entry.warnings) == ("SUCCESS", True, [])
    assert run_round() == 0


@pytest.mark.parametrize("wrapped", [gzipped, zstandard, aged])
def test_whatever_is_around_it(root: Path, job: ExpectedBackupJob, wrapped: Any) -> None:
    assert read(root, job, wrapped(dumped_table())).content_passed is True


@pytest.mark.parametrize(
    "broken",
    [
        lambda dump: dump[:-200],
        lambda dump: gzipped(dump)[:-5],
        lambda dump: dump + b"more",
        lambda _dump: gzipped(b"-- MySQL dump 10.13" * 99)[:-5],
        lambda _dump: b"",
    ],
)
def test_what_is_broken_has_failed(root: Path, job: ExpectedBackupJob, broken: Any) -> None:
    before = database_now() - timedelta(days=1)
    record_entry(job_id=job.pk, arrival=Arrival("SUCCESS", "report", at=before))
    entry = read(root, job, broken(dumped_table()))
    assert (entry.status, entry.content_passed) == ("FAILED", False)
    assert "content check did not pass" in str(entry.error_message)
    assert [one["status"] for one in entry.history] == ["SUCCESS"]
    found = again(job)
    # The age of the newest success goes by the one that counts.
    assert (found.current_status, found.last_success_at) == ("FAILED", before)
    tell_changes()
    assert "backup failed" in Alert.objects.get().subject


@pytest.mark.parametrize("body", [b"-- MySQL dump 10.13\n", b"SQLite format 3\0" + b"x" * 99])
def test_of_what_nobody_here_reads_it_says_so(
    root: Path, job: ExpectedBackupJob, body: bytes
) -> None:
    entry = read(root, job, body)
    assert (entry.status, entry.content_passed) == ("SUCCESS", None)
    [warning] = entry.warnings
    assert warning["code"] == "content_not_checked"
    assert len(warning["message"]) > len("Its content was not checked.")


def test_stored_bytes_that_changed_since(root: Path, job: ExpectedBackupJob, vault: Path) -> None:
    take(root, job, dumped_table())
    stored = StoredObject.objects.get()
    StoredObject.objects.update(sha256="0" * 64)
    stored.refresh_from_db()
    assert read_content(stored).passed is False


def test_a_storage_that_is_away_is_asked_again(
    root: Path, job: ExpectedBackupJob, vault: Path
) -> None:
    entry = take(root, job, dumped_table())
    there = vault.with_name("elsewhere")
    vault.rename(there)
    assert run_round() == 0
    check = ContentCheck.objects.get()
    assert check.attempts == 1
    assert check.due_at > database_now() + timedelta(minutes=4)
    there.rename(vault)
    assert run_round() == 0
    ContentCheck.objects.update(due_at=database_now(), attempts=MOST_ATTEMPTS)
    assert run_round() == 1
    entry.refresh_from_db()
    assert (entry.status, entry.content_passed) == ("SUCCESS", None)


def test_an_answer_is_of_its_own_bytes_alone(root: Path, job: ExpectedBackupJob) -> None:
    entry = take(root, job, dumped_table())
    check = ContentCheck.objects.get()
    record_entry(job_id=job.pk, arrival=Arrival("FAILED", "report", message="no"))
    settle(check=check, verdict=Verdict(True))
    entry.refresh_from_db()
    assert (entry.status, entry.content_passed) == ("FAILED", None)
    settle(check=check, verdict=Verdict(False))
    ExpectedBackupJob.objects.all().delete()
    settle(check=check, verdict=Verdict(False))
