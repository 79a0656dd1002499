"""A sent backup is read to its end: whole, not whole, or nothing that anybody here can read."""

import gzip

import pyrage
import pytest
from django.utils.html import escape
from pyrage import x25519

from access.models import Agent, AuditEntry, Company, User
from monitoring.expected.models import BackupEntry
from storage.models import StorageTarget, StoredObject
from tests.cast import Login
from tests.monitoring.expected.conftest import expect
from tests.restores.received.dumps import aged, dump, gzipped
from tests.uploads.made import make_session
from tests.uploads.sending import store
from uploads.description import describe_status
from uploads.ingest.staging import staging_folder
from uploads.models import UploadSession
from uploads.sessions import finalize_session

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.xdist_group("restores")]


@pytest.fixture
def job_id(agent: User, company: Company) -> str:
    Agent.objects.create(agent_id="till", company=company, user=agent)
    return str(expect(company, agent_id_responsible="till").pk)


def looked_at(agent: User, target: StorageTarget, body: bytes, **more: str) -> UploadSession:
    session = make_session(agent, target, body, kind="backup", **more)
    finalize_session(session=session, actor=agent)
    session = store(session.public_id)
    assert list(staging_folder().iterdir()) == []
    return session


@pytest.mark.parametrize("form", ["custom", "plain", "tar", "directory"])
def test_a_whole_one_passes(
    agent: User, storage_target: StorageTarget, job_id: str, form: str
) -> None:
    body = {"custom": aged, "plain": gzipped}.get(form, bytes)(dump(17, form))
    session = looked_at(agent, storage_target, body, job_id=job_id)
    assert (session.status, session.content_passed) == ("completed", True)
    assert f", {form}, from PostgreSQL 17" in session.content_detail
    entry = BackupEntry.objects.get()
    assert (entry.status, entry.content_passed) == ("SUCCESS", True)


@pytest.mark.parametrize("damage", ["cut", "cut gzip of anything", "nothing in gzip", "flipped"])
def test_a_broken_one_is_kept_and_said(
    agent: User,
    viewer: User,
    login: Login,
    storage_target: StorageTarget,
    job_id: str,
    damage: str,
) -> None:
    whole = dump(17, "plain")
    body = {
        "cut": whole[: len(whole) // 2],
        "cut gzip of anything": gzip.compress(b"INSERT INTO a VALUES (1);\n" * 9)[:-4],
        # What a shell pipe leaves of a dump that failed.
        "nothing in gzip": gzip.compress(b""),
        "flipped": gzip.compress(whole)[:-8] + b"12345678",
    }[damage]
    session = looked_at(agent, storage_target, body, job_id=job_id)
    assert (session.status, session.content_passed) == ("completed", False)
    assert describe_status(session)["content"] == {
        "passed": False,
        "detail": session.content_detail,
    }
    assert StoredObject.objects.get().size == len(body)
    entry = BackupEntry.objects.get()
    assert (entry.status, entry.error_message) == ("FAILED", session.content_detail)
    assert entry.content_passed is False
    page = login(viewer).get(f"/dashboard/expected/{job_id}").content.decode()
    assert escape(session.content_detail) in page
    assert AuditEntry.objects.filter(action="upload.content_failed").count() == 1


@pytest.mark.parametrize("what", ["unknown", "unknown in gzip", "of other keys"])
def test_what_nobody_here_can_read_is_no_finding(
    agent: User, storage_target: StorageTarget, job_id: str, what: str
) -> None:
    body = b"INSERT INTO a VALUES (1);\n"
    if what == "unknown in gzip":
        body = gzip.compress(body)
    if what == "of other keys":
        body = bytes(pyrage.encrypt(body, [x25519.Identity.generate().to_public()]))
    session = looked_at(agent, storage_target, body, job_id=job_id)
    assert (session.status, session.content_passed) == ("completed", None)
    assert session.content_detail
    entry = BackupEntry.objects.get()
    assert (entry.status, entry.content_passed) == ("SUCCESS", None)


def test_of_a_job_that_asks_for_it_an_unread_one_is_said(
    agent: User, storage_target: StorageTarget, company: Company
) -> None:
    Agent.objects.create(agent_id="till", company=company, user=agent)
    job = expect(company, agent_id_responsible="till", require_content_check=True)
    looked_at(agent, storage_target, b"INSERT INTO a", job_id=str(job.pk))
    assert "content_not_checked" in [one["code"] for one in BackupEntry.objects.get().warnings]
