"""Reading stored bytes back: checksum and content, in one pass and constant memory.

stored bytes → sha256 → age → zstd (when it was put around) → the engine's own reader.
"""

import hashlib
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import dataclass
from typing import Any, BinaryIO, Protocol

import pyrage
from backports import zstd
from django.utils.translation import gettext as _
from pyrage import x25519

from backups.engines import Engine
from backups.errors import Corrupt
from backups.pipeline import BLOCK_BYTES, GuardedReader, GuardedSink, named, raise_first
from storage.errors import StorageError
from storage.models import StorageTarget
from storage.services import Written, open_object


@dataclass(frozen=True)
class Finding:
    """What a level found. `detail` is a sentence for a person."""

    level: str
    passed: bool
    detail: str = ""


def check_stored(
    *,
    target: StorageTarget,
    key: str,
    expected: Written,
    manifest: dict[str, Any],
    engine: Engine,
    identity: x25519.Identity | None,
    on_read: Callable[[int], None] = lambda _count: None,
) -> list[Finding]:
    """What the levels `checksum` and, with a key, `content` find in the stored bytes.

    Raises Missing or StorageUnavailable when the bytes cannot be had at all: that is no finding.
    """
    failure = ""
    try:
        with open_object(target=target, key=key) as file:
            source = Hashed(file, on_read)
            if identity is not None:
                failure = _content_failure(source, manifest, engine, identity)
            source.drain()
    except StorageError as error:
        raise named(error) from error
    findings = [Finding("checksum", *_compare(source, expected))]
    if identity is not None:
        findings.append(Finding("content", not failure, failure))
    return findings


def _content_failure(
    source: "Hashed", manifest: dict[str, Any], engine: Engine, identity: x25519.Identity
) -> str:
    try:
        with engine.check_content(manifest["contents"]) as check:
            decrypt(source, check, manifest, identity)
            check.finish()
    except Corrupt as error:
        return str(error)
    return ""


class Taker(Protocol):
    """Takes the opened archive, in order."""

    def write(self, data: bytes, /) -> int: ...


def decrypt(
    source: "Hashed",
    check: Taker,
    manifest: dict[str, Any],
    identity: x25519.Identity,
) -> None:
    """Feed the opened archive to `check`. Raises Corrupt; a StorageError passes through."""
    inside = manifest["artifact"]["compressed_inside"]
    unpacked = nullcontext(check) if inside else Unpacking(check)
    reader = GuardedReader(source)
    with unpacked as output:
        sink = GuardedSink(output)
        try:
            pyrage.decrypt_io(reader, sink, [identity])
        except Exception as error:
            raise_first(reader.failure, sink.failure)
            raise Corrupt(
                _("The encryption of the stored bytes does not hold: %(said)s") % {"said": error}
            ) from error
        raise_first(reader.failure, sink.failure)


def _compare(source: "Hashed", expected: Written) -> tuple[bool, str]:
    if source.size != expected.size:
        sizes = {"found": source.size, "expected": expected.size}
        return False, _("%(found)d bytes are stored where %(expected)d were written.") % sizes
    if source.digest.hexdigest() != expected.sha256:
        return False, _("The stored bytes are not those that were written: the sha256 differs.")
    return True, ""


class Hashed:
    """A stored file, hashed and counted while it is read."""

    def __init__(self, file: BinaryIO, on_read: Callable[[int], None]) -> None:
        self._file = file
        self._on_read = on_read
        self._block = memoryview(b"")
        self.size = 0
        self.digest = hashlib.sha256()

    def read(self, size: int, /) -> bytes:
        if not self._block:
            self._block = memoryview(self._next_block())
        piece, self._block = self._block[:size], self._block[size:]
        return bytes(piece)

    def drain(self) -> None:
        """Read what the content check left, so that the checksum is of the whole."""
        while self._next_block():
            pass

    def _next_block(self) -> bytes:
        try:
            block = self._file.read(BLOCK_BYTES)
        except OSError as error:
            raise StorageError(f"The storage answered: {error.strerror or error}.") from error
        self.digest.update(block)
        self.size += len(block)
        self._on_read(len(block))
        return block


class Unpacking:
    """zstd frames on the way to the reader; a frame that is not whole is Corrupt."""

    def __init__(self, check: Taker) -> None:
        self._check = check
        self._unpacker = zstd.ZstdDecompressor()

    def __enter__(self) -> "Unpacking":
        return self

    def __exit__(self, kind: type[BaseException] | None, *_rest: object) -> None:
        if kind is None and not self._unpacker.eof:
            raise Corrupt(_("The compressed archive is cut: its end is missing."))

    def write(self, data: bytes, /) -> int:
        rest: bytes = data
        try:
            # Bounded output: a small frame may unpack to gigabytes.
            if rest and self._unpacker.eof:
                raise Corrupt(_("The compressed archive goes on behind its end."))
            while rest or not (self._unpacker.needs_input or self._unpacker.eof):
                self._check.write(self._unpacker.decompress(rest, max_length=BLOCK_BYTES))
                rest = b""
                if self._unpacker.eof and self._unpacker.unused_data:
                    raise Corrupt(_("The compressed archive goes on behind its end."))
                if self._unpacker.eof:
                    break
        except zstd.ZstdError as error:
            raise Corrupt(_("The compressed archive is damaged: %s") % error) from error
        return len(data)
