"""Files from elsewhere come by the data plane: one write for each byte, and resumable.

`POST /api/restores/uploads` with a body and its length is taken here; with `Upload-Length` it
opens a tus upload. Without either, Django's own view takes it.
"""

from typing import Any
from uuid import UUID

from django.utils.translation import gettext as _

from access.models import User
from access.policy import require
from backups.models import Database
from restores.received.api import describe
from restores.received.models import ReceivedFile
from storage.api.bodies import company_for
from uploads.addresses import base_of
from uploads.ending import end_session
from uploads.ingest.answers import Send, answer
from uploads.ingest.application import answering
from uploads.ingest.asking import Asked, number
from uploads.ingest.blocks import Receive
from uploads.ingest.receiving import receive_into, writer_of
from uploads.ingest.threads import ask
from uploads.ingest.tus import VERSION_HEADER, require_version
from uploads.ingest.whole import end_whole
from uploads.models import Part, UploadSession
from uploads.selectors import part_for
from uploads.sessions import Announced, finalize_session, open_session

PATH = "/api/restores/uploads"


def with_received_files(application: Any) -> Any:
    """The ASGI application, and before it the address to which files to restore are sent."""

    async def serve(scope: dict[str, Any], receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["method"] != "POST":
            await application(scope, receive, send)
            return
        asked = Asked(scope)
        if scope["path"].rstrip("/") != PATH or _size(asked) is None:
            await application(scope, receive, send)
            return
        await answering(
            asked, send, lambda said, user: _take(asked, receive, said, user), opens=True
        )

    return serve


async def _take(asked: Asked, receive: Receive, send: Send, user: User) -> None:
    resumable = bool(asked.header("upload-length"))
    if resumable:
        require_version(asked)
    part = await ask(_open, user, asked, resumable)
    if resumable:
        base = base_of(asked.scheme, asked.header("host"))
        where = f"{base}/api/uploads/tus/{part.session.public_id}"
        await answer(send, 201, headers={**VERSION_HEADER, "location": where})
        return
    try:
        async with writer_of(part, offset=0) as writer:
            await receive_into(writer, receive)
            await end_whole(writer)
        file = await ask(_finalize, part.session, user)
    except BaseException:
        # Nobody can go on with it: its sender does not know its address.
        await ask(end_session, session=part.session, actor=user)
        raise
    where = f"{base_of(asked.scheme, asked.header('host'))}{PATH}/{file.pk}"
    await answer(send, 201, describe(file), headers={"location": where})


def _size(asked: Asked) -> int | None:
    return number(asked.header("upload-length")) or asked.length or None


def _open(user: User, asked: Asked, resumable: bool) -> Part:
    permission = "restores.add_receivedfile"
    require(user, permission)
    ref = asked.asked("company") or _company_of(asked.asked("server"), user)
    company = company_for(actor=user, permission=permission, ref=ref)
    announced = Announced(
        file_size=_size(asked) or 0,
        kind=UploadSession.Kind.RESTORE,
        file_name=asked.asked("name") or _("unnamed"),
        finalize_at_end=resumable,
    )
    session, _new = open_session(company=company, actor=user, announced=announced)
    return part_for(actor=user, ref=session.public_id, kind=Part.Kind.FILE)


def _company_of(server: str, user: User) -> str:
    """A page knows where the file is to be restored to, and that is somebody's."""
    try:
        found = Database.objects.visible_to(user).filter(pk=UUID(server)).first()
    except ValueError:
        return ""
    return str(found.company_id) if found else ""


def _finalize(session: UploadSession, user: User) -> ReceivedFile:
    session = finalize_session(session=session, actor=user)
    rows = ReceivedFile.objects.select_related("created_by")
    found: ReceivedFile = rows.get(pk=session.result_id)
    return found
