"""A worker or a tick killed at each point of storing: each upload is stored once, whole."""

import hashlib
from datetime import timedelta
from pathlib import Path

import pytest
from django.db.models.functions import Now

from access.models import Agent, Company, User
from access.policy import System
from monitoring.expected.models import BackupEntry
from monitoring.files.endings import reap_lost_files, remove_leftovers
from monitoring.files.models import TrackedFile
from restores.received.models import ReceivedFile
from restores.received.places import place_of
from restores.received.services import expire_files
from storage.models import StorageTarget, StoredObject
from tests.faults.points import IN_AN_UPLOAD, every, one_always
from tests.faults.worker import Process
from tests.monitoring.expected.conftest import expect
from tests.uploads.made import make_recording, make_session
from tests.uploads.sending import store
from tests.uploads.test_killed_server import TAKING
from uploads.ending import expire_sessions
from uploads.ingest.staging import staging_folder
from uploads.models import Recording, RecordingRetention, UploadSession
from uploads.recordings.cleanup import clean_all_recordings
from uploads.recordings.retention import set_retention
from uploads.recordings.services import finish_recordings
from uploads.sessions import finalize_session

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.xdist_group("faults")]
STORING = {
    "storage.adopted",
    "promote.published",
    "upload.stored",
    "upload.register-before-commit",
    "upload.registered",
    "upload.staging-gone",
}
PROMOTING = {"upload.judged", "upload.final-path-chosen"}
DELETING = {"upload.recording-marked", "upload.recording-removed"}
KEEPING = {"upload.linked"}
# Of an expiry, of a second try, and of another body over the first: below, or by their nature.
OTHERS = {"upload.expired", "upload.expired-marked", "upload.retry-written", "upload.differs"}
WORKER = """
import sys, uuid, django
django.setup()
from uploads.queueing import store_upload
store_upload(session_id=uuid.UUID(sys.argv[1]))
"""
DELETER = """
import sys, django
django.setup()
from access.policy import System
from uploads.models import Recording
from uploads.recordings.services import delete_recording
delete_recording(recording=Recording.objects.get(), actor=System("tests"))
"""
CLEANER = """
import django
django.setup()
from uploads.recordings.cleanup import clean_all_recordings
clean_all_recordings()
"""
FINALIZER = """
import django
django.setup()
from uploads.models import UploadSession
from uploads.sessions import finalize_session
session = UploadSession.objects.get()
finalize_session(session=session, actor=session.created_by)
"""
EXPIRY = """
import django
django.setup()
from uploads.ending import expire_sessions
expire_sessions()
"""


def test_no_point_is_forgotten() -> None:
    assert set(IN_AN_UPLOAD) == STORING | PROMOTING | DELETING | KEEPING | OTHERS | TAKING


@pytest.mark.parametrize(
    "point", one_always([p for p in IN_AN_UPLOAD if p in STORING], "promote.published")
)
def test_it_is_stored_once(
    point: str, agent: User, storage_target: StorageTarget, clip: bytes
) -> None:
    session = make_session(agent, storage_target, clip)
    stored_after_a_kill(session, point)
    recording = Recording.objects.get()
    assert recording.sha256 == hashlib.sha256(clip).hexdigest()
    stored = StoredObject.objects.get()
    folder = Path(storage_target.options["folder"])
    assert (folder / stored.key).read_bytes() == clip
    assert [one for one in folder.rglob("*") if one.is_file()] == [folder / stored.key]
    # What a killed worker left of staging goes with the time of its session.
    UploadSession.objects.update(expires_at=Now())
    expire_sessions()
    assert list(staging_folder().iterdir()) == []


def stored_after_a_kill(session: UploadSession, point: str) -> None:
    assert session.created_by is not None
    finalize_session(session=session, actor=session.created_by)
    # The supervisor lives on where its runner is killed.
    Process(WORKER, str(session.pk), fault=point).wait()
    TrackedFile.objects.filter(status="processing").update(lease_until=Now())
    reap_lost_files()
    remove_leftovers()
    session.refresh_from_db()
    if session.status != "completed":
        assert session.status == "finalizing"
        session = store(session.public_id)
    assert session.status == "completed"


@pytest.mark.exhaustive
@pytest.mark.parametrize(
    "point", every([p for p in IN_AN_UPLOAD if p in STORING | PROMOTING], "promote.published")
)
def test_a_backup_is_on_its_final_path_once(
    point: str, agent: User, storage_target: StorageTarget, company: Company
) -> None:
    Agent.objects.create(agent_id="till", company=company, user=agent)
    job = expect(company, agent_id_responsible="till")
    body = b"-- a dump of a database that nobody here knows\n"
    session = make_session(agent, storage_target, body, kind="backup", job_id=str(job.pk))
    stored_after_a_kill(session, point)
    stored = StoredObject.objects.get()
    folder = Path(storage_target.options["folder"])
    assert [one for one in folder.rglob("*") if one.is_file()] == [folder / stored.key]
    assert (folder / stored.key).read_bytes() == body
    entry = BackupEntry.objects.get(job=job)
    assert (entry.status, entry.file, entry.history) == ("SUCCESS", stored.key, [])


@pytest.mark.parametrize(
    "point", one_always([p for p in IN_AN_UPLOAD if p in DELETING], "upload.recording-marked")
)
def test_a_deletion_is_finished(
    point: str, agent: User, storage_target: StorageTarget, clip: bytes
) -> None:
    recording = make_recording(agent, storage_target, clip)
    assert Process(DELETER, fault=point).wait() == -9
    assert finish_recordings() == 1
    assert finish_recordings() == 0
    stored = recording.stored
    stored.refresh_from_db()
    assert stored.state == StoredObject.State.DELETED
    assert not any(one.is_file() for one in Path(storage_target.options["folder"]).rglob("*"))


def test_a_cleanup_goes_on(agent: User, storage_target: StorageTarget, company: Company) -> None:
    for number in range(1, 4):
        make_recording(agent, storage_target, b"x" * number)
    StoredObject.objects.update(checked_at=Now())
    Recording.objects.update(created_at=Now() - timedelta(days=9))
    set_retention(company=company, days=7, actor=System("tests"))
    assert Process(CLEANER, fault="upload.expired-marked").wait() == -9
    assert not Recording.objects.filter(deleted_at=None).exists()
    assert RecordingRetention.objects.filter(looked_at=None).exists()
    assert (clean_all_recordings(), finish_recordings()) == (0, 3)


def test_a_file_to_restore_is_kept_once(
    operator: User, storage_target: StorageTarget, clip: bytes
) -> None:
    # What tests before it have left, whose rows were taken back.
    expire_files()
    session = make_session(operator, storage_target, b"PGDMP", kind="restore")
    assert Process(FINALIZER, fault="upload.linked").wait() == -9
    # The tick takes what has no row.
    assert expire_files() == 1
    finalize_session(session=session, actor=operator)
    file = ReceivedFile.objects.get()
    assert (file.pk, place_of(file.pk).read_bytes()) == (session.result_id, b"PGDMP")
    assert (expire_files(), list(staging_folder().iterdir())) == (0, [])


def test_an_expiry_is_finished(agent: User, storage_target: StorageTarget, clip: bytes) -> None:
    session = make_session(agent, storage_target, clip)
    UploadSession.objects.update(expires_at=Now())
    assert Process(EXPIRY, fault="upload.expired").wait() == -9
    session.refresh_from_db()
    assert session.status == "expired"
    expire_sessions()
    assert list(staging_folder().iterdir()) == []
