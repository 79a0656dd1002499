"""Pings over HTTP: whoever knows the key, by any method, and never a fault."""

import uuid
from datetime import timedelta

import pytest
from django.db import OperationalError, connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from access.models import Company
from monitoring.expected import ping_views
from monitoring.expected.models import BackupEntry, ExpectedBackupJob, JobRun
from monitoring.expected.runs import LONGEST_LOG
from tests.choice import first_of
from tests.monitoring.expected.conftest import expect

pytestmark = pytest.mark.django_db


def send(job: ExpectedBackupJob, what: str = "", body: object = b"", **query: str) -> int:
    path = f"/ping/{job.ping_key}{what}"
    answer = Client().post(path, body, content_type="text/plain", query_params=query)
    return answer.status_code


@pytest.mark.parametrize("method", ["get", "head", "post"])
@pytest.mark.parametrize("slash", first_of("", "/"))
def test_a_plain_ping_is_a_success(job: ExpectedBackupJob, method: str, slash: str) -> None:
    answer = getattr(Client(enforce_csrf_checks=True), method)(f"/ping/{job.ping_key}{slash}")
    assert answer.status_code == 200
    entry = BackupEntry.objects.get()
    assert (entry.status, entry.source) == ("SUCCESS", "ping")
    assert entry.received_at is not None


@pytest.mark.parametrize(
    ("what", "status", "said"),
    [
        ("/fail", "FAILED", "It said that it failed. no room"),
        ("/0", "SUCCESS", None),
        ("/3", "FAILED", "Exit status 3. no room"),
        ("/255", "FAILED", "Exit status 255. no room"),
    ],
)
def test_how_it_ended(job: ExpectedBackupJob, what: str, status: str, said: str | None) -> None:
    assert send(job, what, b"dumping\nno room\n\n") == 200
    entry = BackupEntry.objects.get()
    assert (entry.status, entry.error_message) == (status, said)
    assert JobRun.objects.get().log == "dumping\nno room\n\n"


def test_start_and_end_are_paired_by_their_id(job: ExpectedBackupJob) -> None:
    one, other = str(uuid.uuid4()), str(uuid.uuid4())
    assert send(job, "/start", rid=one) == send(job, "/start", rid=other) == 200
    assert not BackupEntry.objects.exists()
    send(job, "", rid=one)
    assert JobRun.objects.get(rid=one).ended_at is not None
    assert JobRun.objects.get(rid=other).ended_at is None
    assert BackupEntry.objects.get().run_seconds is not None
    # Without an id: the newest run that has none either; else a row by itself.
    send(job, "/1", b"broken")
    assert JobRun.objects.get(rid=None).exit_status == 1
    assert JobRun.objects.get(rid=other).ended_at is None


def test_a_log_changes_no_state(job: ExpectedBackupJob) -> None:
    assert send(job, "/log", b"90 %") == 200
    assert not BackupEntry.objects.exists()
    assert JobRun.objects.get().log == "90 %"


def test_a_run_that_took_too_long_is_said(company: Company) -> None:
    job = expect(company, max_run_seconds=60)
    send(job, "/start")
    run = JobRun.objects.get()
    assert run.started_at is not None
    JobRun.objects.update(started_at=run.started_at - timedelta(minutes=5))
    send(job)
    assert BackupEntry.objects.get().warnings[0]["code"] == "run_too_long"


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/ping/nobody", 404),
        ("/ping/" + "x" * 100, 404),
        ("/ping/{key}/256", 400),
        ("/ping/{key}/999999999", 400),
        ("/ping/{key}/begin", 400),
        ("/ping/{key}?rid=7", 400),
        ("/ping/{key}?rid=%00", 400),
        ("/ping/{key}/%FF", 404),
        ("/ping/{key}/start/again", 404),
    ],
)
def test_what_is_no_ping(job: ExpectedBackupJob, path: str, status: int) -> None:
    assert Client().get(path.replace("{key}", job.ping_key)).status_code == status
    assert not BackupEntry.objects.exists()


@pytest.mark.parametrize("body", [b"\0\0", b"\xff\xfe", "läuft".encode(), b"password=hunter2"])
def test_any_body_is_taken(job: ExpectedBackupJob, body: bytes) -> None:
    assert send(job, "/fail", body) == 200
    kept = JobRun.objects.get().log
    assert "\0" not in kept
    assert "hunter2" not in kept


def test_a_body_is_kept_as_far_as_it_goes(job: ExpectedBackupJob) -> None:
    assert send(job, "/log", b"x" * (5 * 1024 * 1024)) == 200
    assert len(JobRun.objects.get().log) == LONGEST_LOG


def test_other_methods_and_paused_jobs(job: ExpectedBackupJob) -> None:
    assert Client().delete(f"/ping/{job.ping_key}").status_code == 405
    ExpectedBackupJob.objects.update(is_active=False)
    answer = Client().get(f"/ping/{job.ping_key}")
    assert (answer.status_code, b"not expected" in answer.content) == (200, True)
    assert not BackupEntry.objects.exists()


def test_a_database_that_is_away_is_no_fault(
    job: ExpectedBackupJob, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(**_values: object) -> None:
        raise OperationalError("the connection is closed")

    monkeypatch.setattr(ping_views, "ping", away)
    answer = Client().get(f"/ping/{job.ping_key}")
    assert (answer.status_code, answer["Retry-After"]) == (503, "10")


@pytest.mark.parametrize("what", ["", "/start", "/fail", "/log", "/7"])
def test_a_ping_asks_four_times_at_the_most(job: ExpectedBackupJob, what: str) -> None:
    send(job, "/start")
    with CaptureQueriesContext(connection) as asked:
        assert send(job, what, b"text") == 200
    said = [one["sql"] for one in asked if "SAVEPOINT" not in one["sql"]]
    assert len(said) <= 4, said
