"""An upload that comes to lie in a bucket, and is played from there in pieces."""

import pytest
from django.db.models.functions import Now

from access.models import Company, User
from backups.upkeep.locking import lock_new_copies
from tests.backups.test_s3 import made_target
from tests.monitoring.live.conftest import token_of
from tests.storage.buckets import Bucket, Server
from tests.uploads.made import make_recording
from tests.uploads.sending import Sender, store
from tests.web import WebServer
from uploads.ingest.staging import staging_folder
from uploads.models import Recording
from uploads.recordings.services import finish_recordings

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.xdist_group("s3")]


@pytest.mark.exhaustive
def test_a_recording_is_stored_in_a_bucket_and_played_from_it(
    web_server: WebServer,
    sender: Sender,
    clip: bytes,
    company: Company,
    viewer: User,
    s3_server: Server,
) -> None:
    bucket = Bucket(s3_server.endpoint)
    made_target(company, bucket)
    opened = sender.open(clip)
    assert sender.ask("PUT", opened["video_upload_url"], clip).status == 200
    assert sender.finalize(opened["session_id"]).status == 202
    store(opened["session_id"])
    recording = Recording.objects.get()
    assert recording.stored.target.name == "cloud"
    assert bucket.body(recording.stored.key) == clip
    assert list(staging_folder().iterdir()) == []
    watching = Sender(web_server.url, token_of(viewer))
    part = watching.ask(
        "GET", f"/api/recordings/{recording.pk}/content", headers={"Range": "bytes=100-299"}
    )
    assert (part.status, part.body) == (206, clip[100:300])


@pytest.mark.exhaustive
def test_a_locked_recording_does_not_stand_before_the_others(
    company: Company, agent: User, admin: User, clip: bytes, s3_server: Server
) -> None:
    bucket = Bucket(s3_server.endpoint, lock=True)
    cloud = made_target(company, bucket, lock_days=2)
    locked = make_recording(agent, cloud, clip)
    assert lock_new_copies() == 1
    free = make_recording(agent, cloud, b"another")
    Recording.objects.update(deleted_at=Now())
    assert finish_recordings() == 1
    assert bucket.names() == [locked.stored.key]
    free.stored.refresh_from_db()
    assert free.stored.state == "deleted"
