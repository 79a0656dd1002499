"""A whole body, by PUT or POST: raw, or a form with a file or two."""

import re
from typing import Any

from django.utils.translation import gettext as _

from access.models import User
from uploads.content.metadata import read_metadata
from uploads.description import describe_status
from uploads.errors import BadRequest, Incomplete, TooLarge, WrongContent, WrongType
from uploads.ingest.answers import Send, answer
from uploads.ingest.asking import Asked
from uploads.ingest.blocks import Receive
from uploads.ingest.forms import take_form
from uploads.ingest.receiving import of_living_sender, receive_into, writer_of
from uploads.ingest.staging import staging_path
from uploads.ingest.threads import ask
from uploads.ingest.writing import Writer
from uploads.models import Part
from uploads.selectors import part_for, session_for

FORM = "multipart/form-data"
RANGE = re.compile(r"bytes ([0-9]{1,18})-([0-9]{1,18})/([0-9]{1,18})")
KINDS = {
    "video": Part.Kind.FILE,
    "backup": Part.Kind.FILE,
    "file": Part.Kind.FILE,
    "metadata": Part.Kind.METADATA,
}


async def take_whole(
    asked: Asked, receive: Receive, send: Send, *, user: User, ref: str, file_type: str
) -> None:
    """Answers with where the session stands, and the sha256 of what came."""
    if asked.content_type == FORM:
        part = await take_form(asked, receive, user=user, ref=ref, file_type=file_type)
    else:
        part = await _take_raw(asked, receive, user, ref, kind_of(file_type))
    await answer(send, 200, await ask(_describe, user, ref, part))


def kind_of(file_type: str) -> str:
    """Raises WrongType."""
    kind = KINDS.get(file_type or "file")
    if kind is None:
        raise WrongType(_("file_type is video, metadata or backup."))
    return kind


async def _take_raw(asked: Asked, receive: Receive, user: User, ref: str, kind: str) -> Part:
    part = await ask(part_for, actor=user, ref=ref, kind=kind)
    if asked.length == 0:
        raise BadRequest(_("The body is empty."))
    receive = await of_living_sender(asked, receive)
    offset = _range_from(asked, part)
    async with writer_of(part, offset=offset) as writer:
        refuse_too_long(asked, writer, offset=offset or 0)
        await receive_into(writer, receive)
        return await end_whole(writer)


def _range_from(asked: Asked, part: Part) -> int | None:
    """Where a body with Content-Range goes on (`curl -C`); None for a whole one.

    Taken for a whole one it would be another file, and cost what is here. Raises BadRequest.
    """
    said = asked.header("content-range")
    if not said:
        return None
    found = RANGE.fullmatch(said.strip())
    if found is None or part.kind != Part.Kind.FILE or int(found[3]) != part.size:
        raise BadRequest(_("Content-Range is bytes FIRST-LAST/SIZE, of the file's own size."))
    first, last = int(found[1]), int(found[2])
    if asked.length is not None and asked.length != last - first + 1:
        raise BadRequest(_("Content-Range and the body differ in length."))
    return first


async def end_whole(writer: Writer) -> Part:
    """Raises Incomplete, or WrongContent for metadata that is none."""
    part = await ask(writer.finish)
    if part.kind == Part.Kind.METADATA:
        await ask(_check_metadata, part)
    elif writer.position != part.size or not part.sha256:
        words = _("%(received)d of %(size)d bytes are here.")
        raise Incomplete(
            words % {"received": writer.have, "size": part.size},
            bytes_received=writer.have,
            file_size=part.size,
        )
    return part


def refuse_too_long(asked: Asked, writer: Writer, *, offset: int = 0) -> None:
    """Before the first byte of the body is asked for. Raises TooLarge."""
    if asked.length is not None and offset + asked.length > writer.most:
        words = _("At most %(most)d bytes are taken here.")
        raise TooLarge(words % {"most": writer.most}, file_size=writer.most)


def _check_metadata(part: Part) -> None:
    try:
        read_metadata(staging_path(part.pk))
    except WrongContent:
        Part.objects.filter(pk=part.pk).update(received=0, size=None, sha256="")
        raise


def _describe(user: User, ref: str, part: Part) -> dict[str, Any]:
    session = session_for(actor=user, ref=ref)
    return {**describe_status(session), "part": part.kind, "sha256": part.sha256}
