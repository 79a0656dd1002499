"""The data behind a custom archive's table of contents, walked over to the last byte."""

from django.utils.translation import gettext as _

from backups.file_errors import CutShort, Damaged
from backups.pipeline import BLOCK_BYTES, Readable

DATA, BLOBS = b"\x01", b"\x03"


class BlockReader:
    """Blocks of data, each of chunks (pg_backup_custom.c). Raises CutShort or Damaged.

    pg_restore is content with a file that goes on behind its end; this is not.
    """

    def __init__(self, inner: Readable, int_size: int) -> None:
        self._inner = inner
        self._int_size = int_size

    def read(self) -> None:
        while kind := self._inner.read(1):
            if kind not in (DATA, BLOBS):
                raise Damaged(_("Something stands behind the end of the archive's data."))
            self._number()
            if kind == DATA:
                self._chunks()
                continue
            while self._number():
                self._chunks()

    def _chunks(self) -> None:
        while size := self._number():
            self._skip(size)

    def _number(self) -> int:
        sign, found = self._exactly(1)[0], int.from_bytes(self._exactly(self._int_size), "little")
        if sign or found >> 40:
            raise Damaged(_("A block of the archive has no possible length."))
        return found

    def _exactly(self, size: int) -> bytes:
        found = b""
        while len(found) < size:
            piece = self._inner.read(size - len(found))
            if not piece:
                raise CutShort(_("The archive is cut: its data does not end."))
            found += piece
        return found

    def _skip(self, size: int) -> None:
        while size:
            piece = self._inner.read(min(size, BLOCK_BYTES))
            if not piece:
                raise CutShort(_("The archive is cut: its data does not end."))
            size -= len(piece)
