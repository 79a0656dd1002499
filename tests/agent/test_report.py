"""`report` and `upload --job` against a live server: what is expected of this machine."""

import hashlib
import json
from pathlib import Path
from typing import Any

import pytest

from access.models import Agent, Company, User
from monitoring.expected.models import BackupEntry, ExpectedBackupJob
from storage.models import StoredObject
from tests.agent.live import Recorder
from tests.agent.test_cli import Machine
from tests.monitoring.expected.conftest import expect

pytestmark = pytest.mark.django_db(transaction=True)
DUMP = b"INSERT INTO orders VALUES (1);\n"


@pytest.fixture
def job(company: Company, agent: User) -> ExpectedBackupJob:
    Agent.objects.create(agent_id="till", company=company, user=agent)
    return expect(company, agent_id_responsible="till", min_size_bytes=10)


@pytest.fixture
def machine(recorder: Recorder) -> Machine:
    made = Machine(recorder.folder)
    made.configure(**recorder.settings()["api"])
    return made


def said(machine: Machine, *arguments: str) -> tuple[int, Any]:
    answer = machine.run(*arguments, "--json")
    return answer.returncode, json.loads(answer.stdout)


def dump(machine: Machine, body: bytes = DUMP) -> Path:
    path = machine.folder / "orders.sql"
    path.write_bytes(body)
    return path


def test_reports_become_the_entry(machine: Machine, job: ExpectedBackupJob) -> None:
    status, told = said(machine, "report", str(job.pk), "--file", str(dump(machine)))
    entry = BackupEntry.objects.get(job=job)
    assert (status, told["status"], told["entry"]) == (0, "SUCCESS", entry.pk)
    assert (entry.source, entry.backup_hash) == ("report", hashlib.sha256(DUMP).hexdigest())
    assert (entry.backup_size_bytes, entry.content_passed) == (len(DUMP), None)
    # The newest word counts, in the entry of its due time.
    at = f"{entry.expected_at:%Y-%m-%dT%H:%M:%SZ}"
    why = ("report", str(job.pk), "--failed", "disk full", "--time", at)
    assert said(machine, *why) == (
        0,
        {
            **{"ok": True, "job": str(job.pk), "status": "FAILED", "entry": entry.pk},
            "message": "disk full",
        },
    )
    entry.refresh_from_db()
    assert (entry.status, entry.error_message) == ("FAILED", "disk full")
    assert [one["status"] for one in entry.history] == ["SUCCESS"]


def test_what_the_server_makes_of_it_is_told(machine: Machine, job: ExpectedBackupJob) -> None:
    """The file is there, and smaller than anything that is expected."""
    status, told = said(machine, "report", str(job.pk), "--file", str(dump(machine, b"x")))
    assert (status, told["status"]) == (0, "FAILED")
    assert "at least" in told["message"]


@pytest.mark.exhaustive
def test_of_another_or_no_job_nothing_is_taken(
    machine: Machine, job: ExpectedBackupJob, company: Company
) -> None:
    another = expect(company, agent_id_responsible="bakery", database_name="bread")
    for wanted in (str(another.pk), "999999999", "orders"):
        status, told = said(machine, "report", wanted, "--failed", "no")
        assert (status, told["ok"], told["code"]) == (5, False, "not_found"), wanted
    far = ("report", str(job.pk), "--failed", "no", "--time", "2999-01-01")
    assert said(machine, *far)[0] == 5
    assert not BackupEntry.objects.exists()


def test_a_sent_backup_answers_it(machine: Machine, job: ExpectedBackupJob) -> None:
    status, told = said(machine, "upload", "--job", str(job.pk), str(dump(machine)))
    assert (status, told["uploads"][0]["status"]) == (0, "completed")
    entry = BackupEntry.objects.get(job=job)
    assert (entry.status, entry.source) == ("SUCCESS", "upload")
    stored = StoredObject.objects.get()
    assert (entry.file, stored.key.startswith("Acme/Porto/orders/")) == (stored.key, True)
    status, told = said(
        machine, "upload", "--job", "999999999", "--session", "x", str(dump(machine))
    )
    assert (status, told["uploads"][0]["status"]) == (1, "failed")
