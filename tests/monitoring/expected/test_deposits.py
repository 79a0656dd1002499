"""Deposit folders: what is whole comes to its final path, once; what a stranger tries does not."""

import hashlib
import json
import os
import time
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from access.models import Company
from monitoring.expected.deposits.taking import take_deposits
from monitoring.expected.models import BackupEntry, ExpectedBackupJob
from monitoring.times.clock import database_now
from storage.models import StorageTarget, StoredObject
from tests.monitoring.expected.conftest import expect

pytestmark = pytest.mark.django_db
BYTES = b"PGDMP" * 1000
SHA256 = hashlib.sha256(BYTES).hexdigest()


@pytest.fixture
def vault(company: Company, tmp_path: Path) -> Path:
    folder = tmp_path / "vault"
    StorageTarget.objects.create(
        company=company, name="vault", options={"folder": str(folder)}, is_default=True
    )
    return folder


@pytest.fixture
def root(tmp_path: Path) -> Path:
    folder = tmp_path / "deposits"
    for name in ("databases", "log"):
        (folder / "till" / name).mkdir(parents=True)
    return folder


def deposit(
    root: Path,
    job: ExpectedBackupJob,
    body: bytes | None = BYTES,
    *,
    minutes_ago: int = 0,
    **said: Any,
) -> Path:
    report: dict[str, Any] = {
        "job_id": job.pk,
        "file": "orders.dump.gz",
        "status": "SUCCESS",
        "backup_timestamp_utc": database_now().isoformat(),
        "backup_hash": SHA256,
        "backup_size_bytes": len(BYTES),
        **said,
    }
    found = {name: value for name, value in report.items() if value is not ...}
    path = root / "till" / "log" / "one.json"
    path.write_text(json.dumps(found))
    file = root / "till" / "databases" / "orders.dump.gz"
    if body is not None:
        file.write_bytes(body)
        age(file, minutes_ago)
    age(path, minutes_ago)
    return path


def age(path: Path, minutes: int) -> None:
    then = time.time() - minutes * 60
    os.utime(path, (then, then))


def test_what_is_whole_comes_to_its_final_path(root: Path, vault: Path, company: Company) -> None:
    template = "{company_name}/{city}/{database_name}/{year}/{timestamp}_{status}.{ext}"
    job = expect(company, city="São Paulo", final_storage_path_template=template)
    report = deposit(root, job)
    assert take_deposits(root) == 1
    entry, stored = BackupEntry.objects.get(), StoredObject.objects.get()
    at = entry.backup_timestamp_utc
    key = f"Acme/Sao-Paulo/orders/{at:%Y}/{at:%Y%m%dT%H%M%SZ}_SUCCESS.dump.gz"
    assert (stored.key, stored.sha256, stored.size) == (key, SHA256, len(BYTES))
    assert (vault / key).read_bytes() == BYTES
    assert (entry.status, entry.source, entry.file) == ("SUCCESS", "deposit", f"vault: {key}")
    assert (entry.backup_hash, entry.backup_size_bytes) == (SHA256, len(BYTES))
    assert not report.exists()
    assert (report.parent / "done" / "one.json").exists()
    assert not list((root / "till" / "databases").iterdir())
    assert take_deposits(root) == 0


@pytest.mark.parametrize(
    ("body", "minutes", "status"),
    [
        (BYTES[:10], 0, None),
        (BYTES[:10], 11, "TRANSFER_INTEGRITY_FAILED"),
        (BYTES + b"more", 2, "TRANSFER_INTEGRITY_FAILED"),
        (BYTES[:-1] + b"x", 0, "HASH_MISMATCH"),
        (None, 0, None),
        (None, 11, "TRANSFER_INTEGRITY_FAILED"),
    ],
)
def test_what_is_not_whole(
    root: Path,
    vault: Path,
    job: ExpectedBackupJob,
    body: bytes | None,
    minutes: int,
    status: str | None,
) -> None:
    """Which grows, or does not come, is waited for."""
    report = deposit(root, job, body, minutes_ago=minutes)
    assert take_deposits(root) == (0 if status is None else 1)
    assert [one.status for one in BackupEntry.objects.all()] == ([status] if status else [])
    assert report.exists() == (status is None)
    assert not StoredObject.objects.exists()
    assert not [path for path in vault.rglob("*") if path.is_file()]


def test_without_a_size_it_is_left_alone_until_it_is_quiet(
    root: Path, vault: Path, job: ExpectedBackupJob
) -> None:
    deposit(root, job, backup_size_bytes=..., backup_hash=...)
    assert take_deposits(root) == 0
    age(root / "till" / "databases" / "orders.dump.gz", 2)
    assert take_deposits(root) == 1
    assert BackupEntry.objects.get().backup_hash == SHA256


@pytest.mark.parametrize(
    ("said", "status"),
    [
        ({"status": "FAILED", "file": ..., "error_message": "no room"}, "FAILED"),
        ({"status": "DONE"}, "FAILED"),
        ({"file": "../../secret"}, "FAILED"),
        ({"file": ".."}, "FAILED"),
        ({"file": ...}, "FAILED"),
        ({"backup_timestamp_utc": ...}, "FAILED"),
        ({"backup_timestamp_utc": "2099-01-01T00:00:00Z"}, "FAILED"),
        ({"colour": "red"}, "FAILED"),
        ({"job_id": ..., "database_name": "orders"}, "SUCCESS"),
    ],
)
def test_what_a_report_may_say(
    root: Path, vault: Path, job: ExpectedBackupJob, said: dict[str, Any], status: str
) -> None:
    deposit(root, job, **said)
    assert take_deposits(root) == 1
    assert BackupEntry.objects.get().status == status


@pytest.mark.parametrize("raw", [b"{", b"[]", b"\xff", b"{}", b'{"job_id": 999999}', b"x" * 70_000])
def test_a_report_that_names_no_job_is_put_aside(
    root: Path, vault: Path, job: ExpectedBackupJob, raw: bytes
) -> None:
    report = root / "till" / "log" / "one.json"
    report.write_bytes(raw)
    # It may still be being written.
    assert take_deposits(root) == 0
    age(report, 2)
    assert take_deposits(root) == 1
    assert (report.parent / "refused" / "one.json").exists()
    assert not BackupEntry.objects.exists()


def test_an_agent_deposits_for_its_own_jobs_alone(
    root: Path, vault: Path, company: Company
) -> None:
    other = expect(company, agent_id_responsible="somebody-else")
    deposit(root, other, minutes_ago=2)
    take_deposits(root)
    assert not BackupEntry.objects.exists()


def test_links_are_not_followed(
    root: Path, vault: Path, job: ExpectedBackupJob, tmp_path: Path
) -> None:
    secret = tmp_path / "secret"
    secret.write_bytes(BYTES)
    file = root / "till" / "databases" / "orders.dump.gz"
    for make in (file.symlink_to, file.hardlink_to):
        report = deposit(root, job, None)
        make(secret)
        assert take_deposits(root) == 0
        assert report.exists()
        file.unlink()
    # Nor that of a report, nor that of an agent's folder, nor of the one within it.
    report.rename(tmp_path / "one.json")
    report.symlink_to(tmp_path / "one.json")
    file.write_bytes(BYTES)
    assert take_deposits(root) == 0
    report.unlink()
    (tmp_path / "one.json").rename(report)
    (root / "till").rename(tmp_path / "till")
    (root / "till").symlink_to(tmp_path / "till")
    assert take_deposits(root) == 0
    assert not StoredObject.objects.exists()
    os.mkfifo(tmp_path / "till" / "log" / "pipe.json")
    (root / "till").unlink()
    (tmp_path / "till").rename(root / "till")
    assert take_deposits(root) == 1


def test_nothing_at_the_final_path_is_replaced(root: Path, vault: Path, company: Company) -> None:
    job = expect(company, final_storage_path_template="{database_name}/newest.{ext}")
    deposit(root, job)
    take_deposits(root)
    other = b"other" * 1000
    said: dict[str, Any] = {
        "backup_hash": hashlib.sha256(other).hexdigest(),
        "backup_size_bytes": len(other),
    }
    later = database_now() - timedelta(hours=1)
    deposit(root, job, other, backup_timestamp_utc=later.isoformat(), **said)
    take_deposits(root)
    assert (vault / "orders" / "newest.dump.gz").read_bytes() == BYTES
    found = BackupEntry.objects.order_by("expected_at").first()
    assert found is not None
    assert (found.status, "{timestamp}" in str(found.error_message)) == ("FAILED", True)


def test_without_a_storage_it_waits(root: Path, job: ExpectedBackupJob) -> None:
    report = deposit(root, job)
    assert take_deposits(root) == 0
    assert report.exists()


def test_a_deposit_sent_twice_is_one(root: Path, vault: Path, job: ExpectedBackupJob) -> None:
    report = deposit(root, job)
    text = report.read_text()
    take_deposits(root)
    report.write_text(text)
    (root / "till" / "databases" / "orders.dump.gz").write_bytes(BYTES)
    assert take_deposits(root) == 1
    assert BackupEntry.objects.count() == StoredObject.objects.count() == 1
    # We died behind the removal of the file: the report alone is left.
    report.write_text(text)
    assert take_deposits(root) == 1
    assert BackupEntry.objects.get().status == "SUCCESS"
