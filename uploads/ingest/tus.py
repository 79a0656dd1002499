"""tus 1.0.0: creation, creation-with-upload, expiration, termination, checksum.

https://tus.io/protocols/resumable-upload — on the same staging files as whole bodies.
"""

import base64
import binascii
import hashlib
from datetime import datetime
from email.utils import format_datetime

from django.utils.translation import gettext as _

from access.models import User
from storage.api.bodies import company_for
from uploads.addresses import base_of
from uploads.ending import end_session
from uploads.errors import (
    BadRequest,
    Busy,
    ChecksumDiffers,
    Gone,
    TakenOver,
    UploadError,
    WrongType,
)
from uploads.ingest.answers import Send, answer
from uploads.ingest.asking import Asked, number
from uploads.ingest.blocks import Receive
from uploads.ingest.receiving import of_living_sender, receive_into, writer_of
from uploads.ingest.threads import ask
from uploads.ingest.whole import refuse_too_long
from uploads.ingest.writing import Writer
from uploads.models import Part, UploadSession
from uploads.selectors import part_for
from uploads.sessions import Announced, finalize_session, open_session
from uploads.states import RECEIVING, Status

VERSION = "1.0.0"
ALGORITHMS = {"sha1": hashlib.sha1, "sha256": hashlib.sha256, "md5": hashlib.md5}
CHUNK = "application/offset+octet-stream"
VERSION_HEADER = {"tus-resumable": VERSION}
OPTIONS = {
    **VERSION_HEADER,
    "tus-version": VERSION,
    "tus-extension": "creation,creation-with-upload,expiration,termination,checksum",
    "tus-checksum-algorithm": ",".join(ALGORITHMS),
}
MOST_LOOKS = 5
MOST_METADATA_BYTES = 64 << 10


class WrongVersion(UploadError):
    code = "tus_version"
    status = 412


def require_version(asked: Asked) -> None:
    """One that is not said is ours. Raises WrongVersion."""
    if asked.header("tus-resumable") not in ("", VERSION):
        raise WrongVersion(_("Only tus 1.0.0 is spoken here."))


async def create(asked: Asked, receive: Receive, send: Send, *, user: User) -> None:
    """201 with the address of the upload; what comes with the request is taken at once."""
    require_version(asked)
    announced = _announced(asked)
    session, _new = await ask(_open, user, announced)
    part = await ask(part_for, actor=user, ref=session.public_id, kind=Part.Kind.FILE)
    base = base_of(asked.scheme, asked.header("host"))
    headers = {**VERSION_HEADER, "location": f"{base}/api/uploads/tus/{session.public_id}"}
    if asked.content_type == CHUNK and part.received == 0:
        part, said = await _append(asked, receive, user, part, 0)
        headers.update(said)
    else:
        headers["upload-offset"] = str(part.received)
        headers["upload-expires"] = http_date(session.expires_at)
    await answer(send, 201, headers=headers)


async def stand(asked: Asked, send: Send, *, user: User, ref: str, kind: str) -> None:
    """HEAD: how much is here. A request that still holds the file saves what it has, and yields."""
    require_version(asked)
    part = await ask(part_for, actor=user, ref=ref, kind=kind)
    if part.session.status in RECEIVING:
        received = await _have(part)
        if received == part.size:
            await ask(_at_end, part.session, user)
    else:
        _require_there(part.session)
        received = part.session.file_size if kind == Part.Kind.FILE else part.received
    headers = {**VERSION_HEADER, "upload-offset": str(received), "cache-control": "no-store"}
    headers["upload-expires"] = http_date(part.session.expires_at)
    if said := _said(part.session):
        headers["upload-metadata"] = said
    if part.size is not None:
        headers["upload-length"] = str(part.size)
    else:
        headers["upload-defer-length"] = "1"
    await answer(send, 200, headers=headers)


async def _have(part: Part) -> int:
    """Raises Busy where others keep coming between."""
    for _number in range(MOST_LOOKS):
        try:
            async with writer_of(part, offset=None) as writer:
                return writer.have
        except TakenOver:
            # A request that was sent before us was only slower.
            continue
    raise Busy(_("Other requests write this file; try again in a moment."))


async def append(
    asked: Asked, receive: Receive, send: Send, *, user: User, ref: str, kind: str
) -> None:
    """PATCH: bytes from an offset on, which must be the one where we stand."""
    require_version(asked)
    if asked.content_type != CHUNK:
        raise WrongType(_("A chunk is sent as application/offset+octet-stream."))
    offset = number(asked.header("upload-offset"))
    if offset is None:
        raise BadRequest(_("Upload-Offset is missing, or no number."))
    part = await ask(part_for, actor=user, ref=ref, kind=kind)
    _part, headers = await _append(asked, receive, user, part, offset)
    await answer(send, 204, headers={**VERSION_HEADER, **headers})


async def terminate(asked: Asked, send: Send, *, user: User, ref: str) -> None:
    require_version(asked)
    part = await ask(part_for, actor=user, ref=ref, kind=Part.Kind.FILE)
    await ask(end_session, session=part.session, actor=user)
    await answer(send, 204, headers=VERSION_HEADER)


async def _append(
    asked: Asked, receive: Receive, user: User, part: Part, offset: int
) -> tuple[Part, dict[str, str]]:
    checksum = _checksum(asked.header("upload-checksum"))
    receive = await of_living_sender(asked, receive)
    async with writer_of(part, offset=offset) as writer:
        refuse_too_long(asked, writer, offset=offset)
        if checksum is None:
            await receive_into(writer, receive)
        else:
            await _receive_checked(writer, receive, offset, *checksum)
        part = await ask(writer.finish)
    expires = part.session.expires_at
    if part.kind == Part.Kind.FILE and part.is_whole:
        await ask(_at_end, part.session, user)
    return part, {"upload-offset": str(part.received), "upload-expires": http_date(expires)}


async def _receive_checked(
    writer: Writer, receive: Receive, offset: int, name: str, wanted: bytes
) -> None:
    """A chunk with its checksum is taken whole or not at all."""
    digest = ALGORITHMS[name](usedforsecurity=False)
    writer.hold_back = True
    try:
        await receive_into(writer, receive, look=digest.update)
        if digest.digest() != wanted:
            raise ChecksumDiffers(_("The chunk has another checksum; send it again."))
    except BaseException:
        await ask(writer.take_back, offset)
        raise
    # The row follows with `finish`.


def _at_end(session: UploadSession, user: User) -> None:
    """Plain tus clients know no finalize."""
    session.refresh_from_db()
    if session.finalize_at_end and session.is_receiving:
        finalize_session(session=session, actor=user)


def _open(user: User, announced: Announced) -> tuple[UploadSession, bool]:
    company = company_for(actor=user, permission="uploads.add_uploadsession")
    return open_session(company=company, actor=user, announced=announced)


def _require_there(session: UploadSession) -> None:
    if session.status in (Status.FAILED, Status.EXPIRED):
        raise Gone(_("This upload is over."))


def _announced(asked: Asked) -> Announced:
    """Raises BadRequest."""
    size = number(asked.header("upload-length"))
    if size is None or size == 0:
        raise BadRequest(_("Upload-Length is missing, or is no number above zero."))
    said = _metadata(asked.header("upload-metadata"))
    kind = said.pop("kind", UploadSession.Kind.RECORDING)
    if kind not in (UploadSession.Kind.RECORDING, UploadSession.Kind.BACKUP):
        raise BadRequest(_("kind is recording or backup."))
    sha256 = said.pop("sha256", "").lower()
    if sha256 and not _is_sha256(sha256):
        raise BadRequest(_("sha256 has 64 hexadecimal digits."))
    return Announced(
        file_size=size,
        kind=kind,
        client_id=said.pop("session_id", "")[:200],
        file_name=said.pop("filename", said.pop("name", "")),
        sha256=sha256,
        job_id=said.pop("job_id", "")[:200],
        connection_info={
            name: said[name] for name in ("con_codigo", "ip", "wats_user") if name in said
        },
        metadata=said,
        finalize_at_end=True,
    )


def _metadata(text: str) -> dict[str, str]:
    """`name base64, name base64`. Raises BadRequest."""
    if len(text) > MOST_METADATA_BYTES:
        raise BadRequest(_("Upload-Metadata is too long."))
    found = {}
    for pair in filter(None, (one.strip() for one in text.split(","))):
        name, _space, value = pair.partition(" ")
        try:
            decoded = base64.b64decode(value.strip(), validate=True).decode()
        except (binascii.Error, ValueError) as error:
            raise BadRequest(_("Upload-Metadata cannot be read.")) from error
        if "\0" in decoded or "\0" in name:
            raise BadRequest(_("Upload-Metadata cannot be read."))
        found[name] = decoded
    return found


def _said(session: UploadSession) -> str:
    """What a tus client said of the file when it opened the upload: HEAD has to repeat it."""
    if not session.finalize_at_end:
        return ""
    said = {
        "filename": session.file_name,
        "session_id": session.client_id,
        "sha256": session.announced_sha256,
        "job_id": session.job_id,
        **session.metadata,
    }
    pairs = ((name, base64.b64encode(str(value).encode())) for name, value in said.items() if value)
    return ",".join(f"{name} {encoded.decode()}" for name, encoded in pairs)


def _checksum(text: str) -> tuple[str, bytes] | None:
    """Raises BadRequest for an algorithm that is not known."""
    if not text:
        return None
    name, _space, value = text.partition(" ")
    if name not in ALGORITHMS:
        raise BadRequest(_("The checksum's algorithm is not known here."))
    try:
        return name, base64.b64decode(value.strip(), validate=True)
    except (binascii.Error, ValueError) as error:
        raise BadRequest(_("Upload-Checksum cannot be read.")) from error


def _is_sha256(text: str) -> bool:
    return len(text) == 64 and all(letter in "0123456789abcdef" for letter in text)


def http_date(moment: datetime) -> str:
    return format_datetime(moment, usegmt=True)
