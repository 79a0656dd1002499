"""A backup that is sent answers the job that its session names."""

import hashlib

import pytest

from access.models import Agent, Company, User
from monitoring.expected.models import BackupEntry
from storage.models import StorageTarget
from tests.monitoring.expected.conftest import expect
from tests.uploads.sending import Sender, store

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.xdist_group("web")]
DUMP = b"PGDMP and more"


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
