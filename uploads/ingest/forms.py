"""multipart/form-data (RFC 7578), in constant memory: each file goes to its part as it comes.

`video` and `metadata` name their part themselves; a `file` is what the field `file_type` before
it says, or the query; without either, metadata when it is JSON by its own header.
"""

from contextlib import aclosing
from dataclasses import dataclass, field
from typing import Any

from django.utils.translation import gettext as _
from python_multipart.exceptions import MultipartParseError
from python_multipart.multipart import MultipartParser, parse_options_header

from access.models import User
from uploads.errors import BadRequest
from uploads.ingest.asking import Asked
from uploads.ingest.blocks import Receive, blocks
from uploads.ingest.receiving import Pump, saved, writer_of
from uploads.ingest.threads import ask
from uploads.models import Part
from uploads.selectors import part_for

MOST_FIELD_BYTES = 1000
MOST_PARTS = 20
OWN_NAMES = ("video", "metadata", "backup")
JSON = b"application/json"


@dataclass
class _Piece:
    """One part of the form. `bodies` are what came of it since the last look."""

    name: str = ""
    is_file: bool = False
    is_json: bool = False
    bodies: list[bytes] = field(default_factory=list)
    is_over: bool = False


class _Form:
    """The parser's callbacks, gathered into pieces in their order."""

    def __init__(self, boundary: bytes) -> None:
        self.pieces: list[_Piece] = []
        self.count = 0
        self._head: dict[str, bytes] = {}
        self._name = b""
        self._value = b""
        self._parser = MultipartParser(
            boundary,
            {
                "on_part_begin": self._begin,
                "on_header_field": self._on_name,
                "on_header_value": self._on_value,
                "on_header_end": self._end_header,
                "on_headers_finished": self._end_headers,
                "on_part_data": self._body,
                "on_part_end": self._end,
            },
        )

    def feed(self, block: bytes) -> None:
        """Raises BadRequest."""
        try:
            self._parser.write(block)
        except MultipartParseError as error:
            raise BadRequest(_("The form cannot be read.")) from error

    def _begin(self) -> None:
        self.count += 1
        if self.count > MOST_PARTS:
            raise BadRequest(_("The form has too many parts."))
        self._head = {}
        self.pieces.append(_Piece())

    def _on_name(self, data: bytes, start: int, end: int) -> None:
        self._name += data[start:end]

    def _on_value(self, data: bytes, start: int, end: int) -> None:
        self._value += data[start:end]

    def _end_header(self) -> None:
        self._head[self._name.decode("latin-1").lower()] = self._value
        self._name = self._value = b""

    def _end_headers(self) -> None:
        _kind, options = parse_options_header(self._head.get("content-disposition", b""))
        piece = self.pieces[-1]
        piece.name = options.get(b"name", b"").decode("utf-8", "replace")
        piece.is_file = b"filename" in options or piece.name in OWN_NAMES or piece.name == "file"
        said, _charset = parse_options_header(self._head.get("content-type", b""))
        piece.is_json = said == JSON or options.get(b"filename", b"").lower().endswith(b".json")

    def _body(self, data: bytes, start: int, end: int) -> None:
        self.pieces[-1].bodies.append(data[start:end])

    def _end(self) -> None:
        self.pieces[-1].is_over = True


async def take_form(
    asked: Asked, receive: Receive, *, user: User, ref: str, file_type: str
) -> Part:
    """The last file's part. Raises BadRequest for a form without one."""
    _kind, options = parse_options_header(asked.header("content-type"))
    boundary = options.get(b"boundary", b"")
    if not boundary or len(boundary) > 200:
        raise BadRequest(_("The form names no boundary."))
    form, taking = _Form(boundary), _Taking(user, ref, file_type)
    try:
        async with aclosing(blocks(receive)) as coming:
            async for block in coming:
                form.feed(block)
                await taking.take(form.pieces)
                form.pieces = [piece for piece in form.pieces if not piece.is_over]
    except BaseException:
        await taking.give_up()
        raise
    if taking.last is None:
        raise BadRequest(_("There is no file in the form."))
    if form.pieces:
        await taking.give_up()
        raise BadRequest(_("The form has no end."))
    return taking.last


class _Taking:
    """Files of the form on their way, one after the other."""

    def __init__(self, user: User, ref: str, file_type: str) -> None:
        self._user, self._ref, self._file_type = user, ref, file_type
        self._field = b""
        self._context: Any = None
        self._pump: Pump | None = None
        self._writer: Any = None
        self._untold: str | None = None
        self.last: Part | None = None

    async def take(self, pieces: list[_Piece]) -> None:
        for piece in pieces:
            bodies, piece.bodies = b"".join(piece.bodies), []
            if piece.is_file:
                await self._take_file(piece, bodies)
            elif piece.name == "file_type":
                self._field += bodies[:MOST_FIELD_BYTES]
                if piece.is_over:
                    self._hear_type(self._field.decode("utf-8", "replace").strip())
        if not pieces and self._pump is not None:
            await self._pump.give(b"")

    def _hear_type(self, file_type: str) -> None:
        """Raises BadRequest after a file that was taken for something else already."""
        from uploads.ingest.whole import kind_of

        if self._untold is not None and self._untold != kind_of(file_type):
            raise BadRequest(_("Put file_type before the file."))
        self._field, self._file_type = b"", file_type

    async def _take_file(self, piece: _Piece, body: bytes) -> None:
        from uploads.ingest.whole import end_whole, kind_of

        if self._pump is None:
            if not piece.name:
                return
            file_type = piece.name if piece.name in OWN_NAMES else self._file_type
            kind = kind_of(file_type or ("metadata" if piece.is_json else ""))
            self._untold = None if file_type else kind
            part = await ask(part_for, actor=self._user, ref=self._ref, kind=kind)
            self._context = writer_of(part, offset=None)
            self._writer = await self._context.__aenter__()
            self._pump = Pump(self._writer)
        await self._pump.give(body)
        if piece.is_over:
            await self._pump.settle()
            pump, self._pump = self._pump, None
            try:
                self.last = await end_whole(self._writer)
            finally:
                del pump
                await self._context.__aexit__(None, None, None)

    async def give_up(self) -> None:
        """Keep what came of the file under way."""
        if self._pump is not None:
            pump, self._pump = self._pump, None
            await saved(self._writer, pump)
            await self._context.__aexit__(None, None, None)
