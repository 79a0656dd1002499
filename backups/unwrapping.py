"""Taking off what was put around an archive: gzip, zstd and age, in any nesting, in one stream.

What is around is known by its first bytes, never by a name. Each layer holds constant memory, a
cut or damaged one raises, and one that grows out of all proportion is stopped.
"""

import os
import threading
import zlib
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Protocol

import pyrage
from backports import zstd
from django.utils.translation import gettext as _
from pyrage import x25519

from backups.errors import BackupError, KeyMissing
from backups.file_errors import CutShort, Damaged, ExpandsTooMuch, Unrecognized
from backups.pipeline import BLOCK_BYTES, GuardedReader, Readable

MOST_LAYERS = 4
# gzip cannot do more than 1,032; no dump comes near it.
MOST_RATIO = 1000
# Below this nobody is hurt.
FREE_BYTES = 256 << 20
PEEK_BYTES = 64 << 10

GZIP = b"\x1f\x8b\x08"
ZSTD = b"\x28\xb5\x2f\xfd"
AGE = b"age-encryption.org/v1\n"
# zstd's skippable frames (RFC 8878, 3.1.2).
_SKIPPABLE = tuple(bytes([0x50 | n, 0x2A, 0x4D, 0x18]) for n in range(16))


class Source(Readable, Protocol):
    """A reader that knows how many bytes it has given."""

    size: int


@dataclass(frozen=True)
class Opened:
    """`reader` gives what is inside of all layers; these are named from the outside in."""

    reader: "Peekable"
    layers: tuple[str, ...]
    source: Source

    def source_size(self) -> int:
        """How much of the file itself was read so far."""
        return self.source.size


class Peekable:
    """A reader whose next bytes can be looked at before they are read."""

    def __init__(self, inner: Readable) -> None:
        self._inner = inner
        self._held = b""
        self.size = 0

    def peek(self, size: int) -> bytes:
        """As many bytes, fewer only when there are no more."""
        pieces, have = [self._held], len(self._held)
        while have < size and (more := self._inner.read(size - have)):
            pieces.append(more)
            have += len(more)
        self._held = b"".join(pieces)
        return self._held[:size]

    def give_back(self, piece: bytes) -> None:
        """Before the next bytes, as if they had not been read yet."""
        self._held = piece + self._held

    def read(self, size: int, /) -> bytes:
        if self._held:
            piece, self._held = self._held[:size], self._held[size:]
        else:
            piece = self._inner.read(size)
        self.size += len(piece)
        return piece


@contextmanager
def unwrapped(source: Source, *, identity: Callable[[], x25519.Identity]) -> Iterator[Opened]:
    """`identity` is asked for only when there is something to decrypt.

    Raises BackupError, here or while it is read.
    """
    with ExitStack() as stack:
        layers: list[str] = []
        reader = Peekable(source)
        while kind := layer_of(reader.peek(PEEK_BYTES)):
            if len(layers) == MOST_LAYERS:
                raise ExpandsTooMuch(
                    _("It is packed more than %(count)d times over.") % {"count": MOST_LAYERS}
                )
            layers.append(kind)
            inner: Readable
            if kind == "age":
                inner = stack.enter_context(_decrypted(reader, identity()))
            else:
                inner = (_Gunzipped if kind == "gzip" else _Unzstd)(reader)
            reader = Peekable(_Bounded(inner, source))
        yield Opened(reader, tuple(layers), source)


def layer_of(head: bytes) -> str:
    """gzip, zstd, age, or nothing. Raises KeyMissing or Unrecognized for what has no way in."""
    if head.startswith(GZIP):
        return "gzip"
    if head.startswith((ZSTD, *_SKIPPABLE)):
        return "zstd"
    if head.startswith(b"-----BEGIN AGE ENCRYPTED FILE-----"):
        raise Unrecognized(_("It is encrypted by age as text; remove the armor first."))
    if head.startswith(AGE):
        if head[len(AGE) :].startswith(b"-> scrypt "):
            raise KeyMissing(_("It is encrypted with a passphrase; decrypt it first."))
        return "age"
    return ""


def most_of(given: int) -> int:
    """How many bytes may come out of so many."""
    return max(FREE_BYTES, given * MOST_RATIO)


class _Bounded:
    def __init__(self, inner: Readable, source: Source) -> None:
        self._inner = inner
        self._source = source
        self._size = 0

    def read(self, size: int, /) -> bytes:
        piece = self._inner.read(size)
        self._size += len(piece)
        if self._size > most_of(self._source.size):
            raise ExpandsTooMuch(
                _("It unpacks to more than %(count)d times its size.") % {"count": MOST_RATIO}
            )
        return piece


class _Gunzipped:
    """gzip members, one behind the other (RFC 1952), with their checksums."""

    def __init__(self, source: Readable) -> None:
        self._source = Peekable(source)
        self._member = zlib.decompressobj(wbits=31)
        self._rest = b""

    def read(self, size: int, /) -> bytes:
        while True:
            if self._member.eof and not self._next_member():
                return b""
            if not self._rest:
                self._rest = self._source.read(BLOCK_BYTES)
                if not self._rest:
                    raise CutShort(_("Its gzip data is cut: the end is missing."))
            try:
                piece = self._member.decompress(self._rest, size)
            except zlib.error as error:
                raise Damaged(_("Its gzip data is damaged: %s") % error) from error
            self._rest = self._member.unconsumed_tail or self._member.unused_data
            if piece:
                return piece

    def _next_member(self) -> bool:
        self._source.give_back(self._rest)
        self._rest = b""
        head = self._source.peek(len(GZIP))
        if not head:
            return False
        if head != GZIP:
            raise Damaged(_("Something stands behind the end of its gzip data."))
        self._member = zlib.decompressobj(wbits=31)
        return True


class _Unzstd:
    """zstd frames, one behind the other (RFC 8878)."""

    def __init__(self, source: Readable) -> None:
        self._source = Peekable(source)
        self._frame = zstd.ZstdDecompressor()
        self._rest = b""

    def read(self, size: int, /) -> bytes:
        while True:
            if self._frame.eof and not self._next_frame():
                return b""
            if not self._rest and self._frame.needs_input:
                self._rest = self._source.read(BLOCK_BYTES)
                if not self._rest:
                    raise CutShort(_("Its zstd data is cut: the end is missing."))
            try:
                piece = self._frame.decompress(self._rest, max_length=size)
            except zstd.ZstdError as error:
                raise Damaged(_("Its zstd data is damaged: %s") % error) from error
            self._rest = b""
            if piece:
                return piece

    def _next_frame(self) -> bool:
        self._source.give_back(self._frame.unused_data)
        head = self._source.peek(len(ZSTD))
        if not head:
            return False
        if not head.startswith((ZSTD, *_SKIPPABLE)):
            raise Damaged(_("Something stands behind the end of its zstd data."))
        self._frame = zstd.ZstdDecompressor()
        return True


@contextmanager
def _decrypted(source: Readable, identity: x25519.Identity) -> Iterator[Readable]:
    """age pushes and we pull: a thread and a pipe stand between them."""
    reading, writing = os.pipe()
    decryption = _Decryption(source, identity, writing)
    thread = threading.Thread(target=decryption.run, name="age", daemon=True)
    thread.start()
    with os.fdopen(reading, "rb", buffering=0) as pipe:
        try:
            yield _Decrypted(pipe.fileno(), decryption, thread)
        finally:
            # With the pipe's end closed the thread finds nobody to write for.
            pipe.close()
            thread.join()


class _Decryption:
    def __init__(self, source: Readable, identity: x25519.Identity, writing: int) -> None:
        self._source = GuardedReader(source)
        self._identity = identity
        self._writing = writing
        self.failure: BaseException | None = None

    def run(self) -> None:
        try:
            with os.fdopen(self._writing, "wb", buffering=0) as pipe:
                pyrage.decrypt_io(self._source, _Whole(pipe.fileno()), [self._identity])
        except BaseException as error:  # noqa: BLE001 - raised again where the bytes are read
            self.failure = self._source.failure or _age_failure(error)


class _Whole:
    """Writes all of a piece, where the raw pipe may take less."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor

    def write(self, data: bytes) -> int:
        rest = memoryview(data)
        while rest:
            rest = rest[os.write(self._descriptor, rest) :]
        return len(data)

    def flush(self) -> None:
        """There is no buffer here."""


class _Decrypted:
    def __init__(self, reading: int, decryption: _Decryption, thread: threading.Thread) -> None:
        self._reading = reading
        self._decryption = decryption
        self._thread = thread

    def read(self, size: int, /) -> bytes:
        piece = os.read(self._reading, size)
        if not piece:
            self._thread.join()
            if self._decryption.failure is not None:
                raise self._decryption.failure
        return piece


def _age_failure(error: BaseException) -> BackupError:
    said = str(error)
    if "No matching keys" in said:
        return KeyMissing(_("It is encrypted to other keys than this server's."))
    return Damaged(_("Its encryption does not hold, or its end is missing: %s") % said)
