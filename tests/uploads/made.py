"""Recordings as they are after their way, without going it over the network."""

from typing import Any

from access.models import User
from storage.models import StorageTarget
from storage.services import put_stream, register_object
from uploads.content.videos import Video
from uploads.ingest.staging import staging_path
from uploads.models import Part, Recording, UploadSession
from uploads.placing import key_of
from uploads.sessions import Announced, open_session
from uploads.settling import Looked, look_at, settle


def make_session(user: User, target: StorageTarget, body: bytes, **more: Any) -> UploadSession:
    """Opened, and all of it in staging."""
    announced = Announced(file_size=len(body), **{"client_id": f"rdp_7_{len(body)}", **more})
    session, _new = open_session(company=target.company, actor=user, announced=announced)
    part = session.parts.get(kind=Part.Kind.FILE)
    staging_path(part.pk).write_bytes(body)
    Part.objects.filter(pk=part.pk).update(received=len(body))
    return session


def make_recording(user: User, target: StorageTarget, body: bytes, **more: Any) -> Recording:
    session = make_session(user, target, body, **more)
    path = staging_path(session.parts.get(kind=Part.Kind.FILE).pk)
    looked = Looked(Video("video/mp4"))
    if len(body) > 1000:
        looked = look_at(session, path)
    key = key_of(session, 1, looked)
    written = put_stream(target=target, key=key, fill=lambda sink: _write(sink, body))
    stored = register_object(target=target, key=key, written=written)
    settle(session=session, stored=stored, looked=looked)
    UploadSession.objects.filter(pk=session.pk).update(status="completed", sha256=written.sha256)
    path.unlink()
    return session.recording


def _write(sink: Any, body: bytes) -> None:
    sink.write(body)
