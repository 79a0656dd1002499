"""A database that is linked to an expected backup: each backup of it is told there."""

import pytest

from access.models import Company, User
from access.policy import System
from backups.databases import link_database
from backups.errors import BadOption
from backups.expected import report_failure, report_success
from backups.models import Database
from monitoring.expected.jobs import create_job
from monitoring.expected.models import BackupEntry, ExpectedBackupJob
from tests.cast import Login, make_backup, make_running

pytestmark = pytest.mark.django_db
CLI = System("test")


@pytest.fixture
def job(database: Database) -> ExpectedBackupJob:
    return create_job(
        actor=CLI,
        company_name=database.company.name,
        city="Porto",
        database_name="orders",
        agent_id_responsible="till",
        backup_frequency="hourly",
        expected_minute_utc=0,
    )


def test_each_backup_is_told(database: Database, job: ExpectedBackupJob) -> None:
    report_success(backup=make_backup(database), size=10, sha256="ab" * 32)
    assert not BackupEntry.objects.exists()
    link_database(database=database, job=job, actor=CLI)
    backup = make_backup(Database.objects.get(pk=database.pk))
    report_success(backup=backup, size=10, sha256="ab" * 32)
    entry = BackupEntry.objects.get()
    assert (entry.status, entry.source, entry.backup_size_bytes) == ("SUCCESS", "backup", 10)
    assert (entry.backup_timestamp_utc, entry.file) == (backup.started_at, f"backup:{backup.pk}")
    other = Company.objects.create(name="Elsewhere")
    ExpectedBackupJob.objects.update(company=other)
    report_failure(backup=backup, message="It is not told to another company.")
    ExpectedBackupJob.objects.update(company=database.company)
    running = make_running(Database.objects.get(pk=database.pk))
    report_failure(backup=running, message="The server does not answer.")
    assert BackupEntry.objects.filter(status="FAILED").count() == 1


def test_a_link_is_within_a_company_and_of_one_database(
    database: Database, job: ExpectedBackupJob, stranger: User
) -> None:
    other = create_job(
        actor=CLI,
        company_name="Elsewhere",
        city="Faro",
        database_name="x",
        agent_id_responsible="x",
        backup_frequency="hourly",
        expected_minute_utc=0,
    )
    with pytest.raises(BadOption):
        link_database(database=database, job=other, actor=CLI)
    link_database(database=database, job=job, actor=CLI)
    second = Database.objects.create(
        company=database.company, name="second", host="x", database_name="x", username="x"
    )
    with pytest.raises(BadOption):
        link_database(database=second, job=job, actor=CLI)
    job.delete()
    assert Database.objects.get(pk=database.pk).expected_job is None


def test_it_is_linked_over_the_api(
    database: Database, job: ExpectedBackupJob, admin: User, stranger: User, login: Login
) -> None:
    path = f"/api/databases/{database.pk}"
    for value in (job.pk, None):
        body = {"expected_job": value}
        answer = login(admin).patch(path, body, content_type="application/json")
        assert (answer.status_code, answer.json()["expected_job"]) == (200, value)
    body = {"expected_job": 10**9}
    assert login(admin).patch(path, body, content_type="application/json").status_code == 404
