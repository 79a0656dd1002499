"""Sessions without a network: limits, expiry, storing with retries, and what is kept of a video."""

import hashlib
import resource
import shutil
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.conf import LazySettings
from django.db.models.functions import Now
from django_q.models import OrmQ

from access.models import User
from access.policy import NotAllowed
from monitoring.files.models import TrackedFile
from storage.models import StorageTarget
from tests.uploads.made import make_session
from tests.uploads.sending import store
from uploads.ending import end_session, expire_sessions
from uploads.errors import (
    Gone,
    NoRoom,
    NoSession,
    Over,
    TooLarge,
    TooMany,
    WrongContent,
)
from uploads.ingest.staging import staging_folder, staging_path
from uploads.ingest.writing import Writer
from uploads.models import Allowance, Part, UploadSession
from uploads.queueing import wake_waiting_uploads
from uploads.selectors import part_for, session_for
from uploads.sessions import Announced, finalize_session, open_session, retry_session
from uploads.states import MOVES, Status

pytestmark = pytest.mark.django_db(transaction=True)


def finalized(user: User, target: StorageTarget, body: bytes, **more: Any) -> UploadSession:
    session = make_session(user, target, body, **more)
    return finalize_session(session=session, actor=user)


def test_what_ends_is_left_by_nothing() -> None:
    assert MOVES[Status.COMPLETED] == MOVES[Status.EXPIRED] == ()
    assert {one for following in MOVES.values() for one in following} < set(Status)


def test_limits_of_a_sender(
    agent: User, viewer: User, storage_target: StorageTarget, settings: LazySettings
) -> None:
    Allowance.objects.create(user=agent, most_mb=1, most_open=2, most_mb_a_day=1)

    def ask(size: int, name: str, who: User = agent) -> UploadSession:
        announced = Announced(file_size=size, client_id=name)
        return open_session(company=storage_target.company, actor=who, announced=announced)[0]

    with pytest.raises(TooLarge):
        ask((1 << 20) + 1, "large")
    ask(600_000, "one")
    with pytest.raises(TooMany) as refused:
        ask(600_000, "two")
    assert refused.value.retry_after == 3600
    ask(1000, "two")
    with pytest.raises(TooMany):
        ask(1000, "three")
    # The same again is the same.
    assert ask(1000, "two") == ask(1000, "two")
    with pytest.raises(NotAllowed):
        ask(1, "mine", viewer)


def test_others_do_not_know_of_it(
    agent: User, operator: User, stranger: User, storage_target: StorageTarget
) -> None:
    session = make_session(agent, storage_target, b"x")
    assert session_for(actor=operator, ref=session.public_id) == session
    for who, find in ((stranger, session_for), (operator, part_for)):
        with pytest.raises(NoSession):
            kind = {"kind": "file"} if find is part_for else {}
            find(actor=who, ref=session.public_id, **kind)


def test_it_expires(agent: User, storage_target: StorageTarget, clip: bytes) -> None:
    session = make_session(agent, storage_target, clip)
    assert expire_sessions() == 0
    UploadSession.objects.update(expires_at=Now() - timedelta(seconds=1))
    assert expire_sessions() == 1
    session.refresh_from_db()
    assert (session.status, list(staging_folder().iterdir())) == ("expired", [])
    assert TrackedFile.objects.get().status == "failed"
    with pytest.raises(Gone):
        finalize_session(session=session, actor=agent)
    # What was given up does not stand in the way of another try.
    assert make_session(agent, storage_target, clip).pk != session.pk


def test_a_storage_that_is_away_is_asked_again(
    agent: User, operator: User, storage_target: StorageTarget, clip: bytes
) -> None:
    folder = Path(storage_target.options["folder"])
    shutil.rmtree(folder)
    folder.write_text("no folder")
    session = store(finalized(agent, storage_target, clip).public_id)
    assert (session.status, session.retry_count) == ("finalizing", 1)
    assert session.error
    assert session.retry_at is not None
    OrmQ.objects.all().delete()
    assert wake_waiting_uploads() == 0
    UploadSession.objects.update(retry_at=Now())
    assert wake_waiting_uploads() == 1
    TrackedFile.objects.update(most_attempts=2)
    session = store(session.public_id)
    assert session.status == "failed"
    assert session.can_retry
    folder.unlink()
    retry_session(session=session, actor=operator)
    session = store(session.public_id)
    assert (session.status, session.error) == ("completed", "")
    assert session.recording.sha256 == hashlib.sha256(clip).hexdigest()
    assert list(staging_folder().iterdir()) == []
    with pytest.raises(Over):
        retry_session(session=session, actor=operator)


def test_a_broken_end_is_kept_and_said(
    agent: User, storage_target: StorageTarget, clip: bytes
) -> None:
    """Cut in its last box; cut before its index; and with an index alone."""
    for body, words in (
        (clip[:-100], "Its end is missing: 100 bytes"),
        (clip[:40], "Its end is missing"),
        (clip + b"\0\0", "Its end is broken: 2 bytes"),
    ):
        session = store(finalized(agent, storage_target, body).public_id)
        assert session.status == "completed"
        assert words in session.recording.damage
        assert session.recording.size == len(body)


def test_bytes_that_changed_in_staging_are_not_stored(
    agent: User, storage_target: StorageTarget, clip: bytes
) -> None:
    session = finalized(agent, storage_target, clip)
    path = staging_path(session.parts.get(kind="file").pk)
    path.write_bytes(clip[:-1] + b"!")
    session = store(session.public_id)
    assert session.status == "finalizing"
    assert "not what was to be put there" in session.error
    assert not any(one.is_file() for one in Path(storage_target.options["folder"]).rglob("*"))


def test_a_backup_may_be_no_video(agent: User, storage_target: StorageTarget, clip: bytes) -> None:
    with pytest.raises(WrongContent):
        finalized(agent, storage_target, clip, kind="backup")
    session = store(finalized(agent, storage_target, b"PGDMP and more", kind="backup").public_id)
    assert session.status == "completed"


def test_it_is_ended_by_its_sender_and_by_operators(
    agent: User, operator: User, viewer: User, storage_target: StorageTarget, clip: bytes
) -> None:
    first, second = (make_session(agent, storage_target, clip[:n]) for n in (10, 20))
    with pytest.raises(NotAllowed):
        end_session(session=first, actor=viewer)
    end_session(session=first, actor=agent)
    end_session(session=second, actor=operator)
    assert list(staging_folder().iterdir()) == []
    with pytest.raises(Over):
        end_session(session=first, actor=agent)


@pytest.fixture
def writer(agent: User, storage_target: StorageTarget, clip: bytes) -> Writer:
    announced = Announced(file_size=3_000_000, client_id="w")
    session, _new = open_session(company=storage_target.company, actor=agent, announced=announced)
    writer = Writer(session.parts.get(kind="file").pk)
    writer.ask_turn()
    assert writer.take()
    writer.begin(offset=None)
    assert not writer.catch_up()
    return writer


def test_a_full_disk_keeps_what_came(writer: Writer) -> None:
    """The kernel itself refuses to make the file larger."""
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    writer.write(b"a" * 1_000_000)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1_500_000, limits[1]))
    try:
        with pytest.raises(NoRoom):
            writer.write(b"b" * 1_000_000)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    writer.save()
    writer.close()
    part = Part.objects.get(pk=writer.part_id)
    assert part.received == 1_000_000
    again = Writer(part.pk)
    again.ask_turn()
    assert again.take()
    again.begin(offset=1_000_000)
    assert staging_path(part.pk).stat().st_size == 1_000_000
    again.close()


def test_a_reserve_is_never_used_up(
    agent: User, storage_target: StorageTarget, settings: LazySettings
) -> None:
    settings.ENVIRONMENT = type("Few", (), {**vars(settings.ENVIRONMENT)})
    settings.ENVIRONMENT.disk_reserve_mb = 1 << 40
    with pytest.raises(NoRoom):
        make_session(agent, storage_target, b"x")


def test_who_was_given_up_writes_nothing_more(writer: Writer, agent: User) -> None:
    writer.write(b"a" * 1000)
    session = UploadSession.objects.get()
    end_session(session=session, actor=agent)
    with pytest.raises(Over):
        writer.save()
    writer.close()
    assert Part.objects.get(pk=writer.part_id).received == 0


def test_a_second_worker_does_nothing(
    agent: User, storage_target: StorageTarget, clip: bytes
) -> None:
    session = finalized(agent, storage_target, clip)
    TrackedFile.objects.update(cancelled_by="")
    store(session.public_id)
    with pytest.raises(AssertionError):
        store(session.public_id)
