"""A backup that is sent answers the job that its session names, and lies on its final path."""

import hashlib
from pathlib import Path

import pytest
from django.db.models.functions import Now

from access.models import Agent, Company, User
from monitoring.expected.models import BackupEntry, ExpectedBackupJob
from storage.models import StorageTarget, StoredObject
from tests.monitoring.expected.conftest import expect
from tests.uploads.made import make_session
from tests.uploads.sending import Sender, store
from uploads.ending import expire_sessions
from uploads.models import UploadSession
from uploads.sessions import finalize_session, retry_session

pytestmark = pytest.mark.django_db(transaction=True)
DUMP = b"-- a dump of a database that nobody here knows\n"


@pytest.fixture(autouse=True)
def named(agent: User, company: Company) -> None:
    Agent.objects.create(agent_id="till", company=company, user=agent)


def test_its_arrival_is_an_entry(sender: Sender, company: Company) -> None:
    job = expect(company, agent_id_responsible="till")
    opened = sender.open(DUMP, kind="backup", job_id=str(job.pk))
    sender.ask("POST", opened["video_upload_url"], DUMP)
    sender.finalize(opened["session_id"])
    assert not BackupEntry.objects.exists()
    store(opened["session_id"])
    entry = BackupEntry.objects.get(job=job)
    assert entry.status == "SUCCESS"
    assert entry.backup_hash == hashlib.sha256(DUMP).hexdigest()
    assert entry.backup_size_bytes == len(DUMP)


@pytest.mark.parametrize("job_id", ["999999999", "orders", "another's"])
def test_of_no_job_or_anothers_nothing_is_opened(
    sender: Sender, company: Company, storage_target: StorageTarget, job_id: str
) -> None:
    if job_id == "another's":
        job_id = str(expect(company, agent_id_responsible="bakery").pk)
    asked = {"session_id": "x", "file_size": 5, "kind": "backup", "job_id": job_id}
    answer = sender.ask("POST", "/api/uploads/create-session", asked)
    assert (answer.status, answer.json["code"]) == (404, "unknown_job")


def sent(agent: User, target: StorageTarget, job: ExpectedBackupJob, body: bytes) -> UploadSession:
    """All of it here, and waiting for a worker."""
    named = {"client_id": "", "file_name": "orders.2026.sql"}
    session = make_session(agent, target, body, kind="backup", job_id=str(job.pk), **named)
    return finalize_session(session=session, actor=agent)


@pytest.fixture
def job(company: Company) -> ExpectedBackupJob:
    path = "in/{company_name}/{database_name}.{ext}"
    return expect(company, agent_id_responsible="till", final_storage_path_template=path)


def test_it_lies_on_the_final_path_of_the_job(
    agent: User, storage_target: StorageTarget, job: ExpectedBackupJob
) -> None:
    session = store(sent(agent, storage_target, job, DUMP).public_id)
    stored = StoredObject.objects.get()
    assert (session.status, stored.key) == ("completed", "in/Acme/orders.2026.sql")
    folder = Path(storage_target.options["folder"])
    assert (folder / stored.key).read_bytes() == DUMP
    assert BackupEntry.objects.get(job=job).file == stored.key


def test_without_a_template_each_has_its_own_time(
    agent: User, storage_target: StorageTarget, company: Company
) -> None:
    job = expect(company, agent_id_responsible="till")
    session = store(sent(agent, storage_target, job, DUMP).public_id)
    at = f"{session.created_at:%Y%m%dT%H%M%SZ}"
    assert StoredObject.objects.get().key == f"Acme/Porto/orders/{at}.2026.sql"


@pytest.mark.exhaustive
def test_two_of_the_same_second_lie_beside_each_other(
    agent: User, storage_target: StorageTarget, company: Company
) -> None:
    job = expect(company, agent_id_responsible="till")
    first, second = (sent(agent, storage_target, job, DUMP * n) for n in (1, 2))
    UploadSession.objects.update(created_at=first.created_at)
    for session in (first, second):
        assert store(session.public_id).status == "completed"
    at = f"Acme/Porto/orders/{first.created_at:%Y%m%dT%H%M%SZ}"
    keys = StoredObject.objects.order_by("size").values_list("key", flat=True)
    assert list(keys) == [f"{at}.2026.sql", f"{at}-{second.result_id.hex[:8]}.2026.sql"]


def test_what_lies_there_is_never_replaced(
    agent: User, storage_target: StorageTarget, job: ExpectedBackupJob, admin: User
) -> None:
    store(sent(agent, storage_target, job, DUMP).public_id)
    again = store(sent(agent, storage_target, job, DUMP).public_id)
    assert (again.status, StoredObject.objects.count()) == ("completed", 1)
    waited = sent(agent, storage_target, job, DUMP * 2)
    UploadSession.objects.filter(pk=waited.pk).update(expires_at=Now())
    other = store(waited.public_id)
    # However long it waited, there is time to mend what is wrong.
    assert expire_sessions() == 0
    assert other.can_retry
    assert (other.status, other.error_code) == ("failed", "object_exists")
    assert "{timestamp}" in other.error
    entry = BackupEntry.objects.get(job=job)
    assert (entry.status, entry.error_message) == ("FAILED", other.error)
    folder = Path(storage_target.options["folder"])
    assert (folder / "in/Acme/orders.2026.sql").read_bytes() == DUMP
    # Its bytes are here still: with another template they are stored.
    ExpectedBackupJob.objects.update(final_storage_path_template="in/{timestamp}.{ext}")
    retry_session(session=other, actor=admin)
    assert store(other.public_id).status == "completed"
    assert BackupEntry.objects.get(job=job).status == "SUCCESS"
    assert StoredObject.objects.count() == 2


def test_a_template_that_changes_moves_nothing_that_was_begun(
    agent: User, storage_target: StorageTarget, job: ExpectedBackupJob
) -> None:
    session = sent(agent, storage_target, job, DUMP)
    UploadSession.objects.update(final_key="in/begun.sql")
    ExpectedBackupJob.objects.update(final_storage_path_template="in/{timestamp}.{ext}")
    store(session.public_id)
    assert StoredObject.objects.get().key == "in/begun.sql"


def test_bytes_that_are_not_those_announced_are_told_of(
    sender: Sender, job: ExpectedBackupJob
) -> None:
    opened = sender.open(DUMP, kind="backup", job_id=str(job.pk), sha256="0" * 64)
    sender.ask("POST", opened["video_upload_url"], DUMP)
    assert sender.finalize(opened["session_id"]).status == 422
    assert BackupEntry.objects.get(job=job).status == "HASH_MISMATCH"
