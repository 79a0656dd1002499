"""What a finished upload becomes, by its kind: how it is looked at, where it lies, its row."""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from django.utils.translation import gettext as _

from access import audit
from access.policy import System
from storage.models import StoredObject
from uploads.content.dumps import check_dump
from uploads.content.metadata import connection_of, read_metadata
from uploads.content.pictures import picture_of
from uploads.content.videos import Video, look_at_video
from uploads.errors import WrongContent
from uploads.expecting import report_arrival
from uploads.ingest.staging import staging_path
from uploads.models import Part, Recording, UploadSession

Kind = UploadSession.Kind


@dataclass
class Looked:
    """`said` are sentences for the log: what is wrong with it, though it is kept."""

    video: Video | None = None
    metadata: dict[str, Any] = field(default_factory=dict)
    said: list[str] = field(default_factory=list)
    picture: bytes | None = None


def look_at(session: UploadSession, path: Path) -> Looked:
    """Raises WrongContent for what is not of its kind."""
    if session.kind != Kind.RECORDING:
        check_dump(path)
        return Looked()
    video = look_at_video(path)
    looked = Looked(video, dict(session.metadata), [video.damage] if video.damage else [])
    looked.picture = picture_of(path)
    part = session.parts.get(kind=Part.Kind.METADATA)
    if part.received:
        try:
            looked.metadata.update(read_metadata(staging_path(part.pk)))
        except (WrongContent, OSError) as error:
            # Beside a good video it is no reason to lose that.
            looked.said.append(_("The metadata was left out: %(why)s") % {"why": error})
    return looked


def settle(*, session: UploadSession, stored: StoredObject, looked: Looked) -> None:
    """Write the result's row. Called in the transaction that registers the bytes."""
    if session.kind == Kind.RECORDING:
        _write_recording(session, stored, looked)
        return
    if session.kind == Kind.BACKUP:
        report_arrival(session=session, stored=stored)
        if session.content_passed is False:
            audit.record(
                actor=System("check"),
                action="upload.content_failed",
                thing=session,
                company=session.company,
                changes={"said": session.content_detail},
            )


Keeper = Callable[[UploadSession, Path], None]
_keepers: dict[str, Keeper] = {}


def register_keeper(kind: str, keeper: Keeper) -> None:
    """Uploads of this kind are not stored: in the transaction of their end, and while their
    staging file is locked, the keeper gives it another name of this machine."""
    _keepers[kind] = keeper


def keeper_of(kind: str) -> Keeper | None:
    return _keepers.get(kind)


def _write_recording(session: UploadSession, stored: StoredObject, looked: Looked) -> None:
    assert looked.video is not None
    info = session.connection_info or connection_of(looked.metadata)

    def said(name: str, longest: int) -> str:
        value = info.get(name)
        return str(value)[:longest] if isinstance(value, str | int) else ""

    Recording.objects.create(
        pk=session.result_id,
        company_id=session.company_id,
        created_by_id=session.created_by_id,
        session=session,
        stored=stored,
        file_name=session.file_name or f"{session.client_id or session.public_id}.mp4",
        size=stored.size,
        sha256=stored.sha256,
        content_type=looked.video.content_type,
        duration=looked.video.duration,
        width=looked.video.width,
        height=looked.video.height,
        damage=looked.video.damage,
        thumbnail=looked.picture,
        has_thumbnail=looked.picture is not None,
        connection_info=info,
        metadata=looked.metadata,
        con_codigo=said("con_codigo", 100),
        name=said("name", 200),
        ip=said("ip", 100),
        wats_user=said("wats_user", 200),
    )
