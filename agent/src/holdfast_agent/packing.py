"""Compression and encryption of a backup, into a file of its own before it is sent.

Its size is announced before its first byte goes out, so it cannot be packed on the way.
"""

from __future__ import annotations

import hashlib
import os
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

from holdfast_agent.errors import NotConfigured, UploadError
from holdfast_agent.files import opened
from holdfast_agent.places import private_folder

BLOCK = 1 << 20
GZIP, ZSTD = "gzip", "zstd"
_ENDINGS = {GZIP: ".gz", ZSTD: ".zst", "": ""}


@dataclass(frozen=True)
class Packing:
    """`compress` is `gzip`, `zstd` or empty; `recipient` an age recipient or empty."""

    compress: str = ""
    recipient: str = ""

    def __bool__(self) -> bool:
        return bool(self.compress or self.recipient)

    @property
    def ending(self) -> str:
        return _ENDINGS[self.compress] + (".age" if self.recipient else "")

    def require(self) -> None:
        """Raises NotConfigured where a value is wrong, or what it needs is not installed."""
        if self.compress not in _ENDINGS:
            raise NotConfigured(f"compress is gzip or zstd, not {self.compress!r}.")
        if self.compress == ZSTD:
            _zstd()
        if self.recipient:
            _recipient(self.recipient)


@dataclass(frozen=True)
class Packed:
    path: Path
    size: int
    sha256: str


def pack(source: Path, into: Path, packing: Packing) -> Packed:
    """Reads the file once, in constant memory; what is written is flushed to the disk."""
    private_folder(into.parent)
    flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | getattr(os, "O_BINARY", 0)
    try:
        with opened(source) as file, os.fdopen(os.open(into, flags, 0o600), "wb") as target:
            out = _Out(target)
            reader = _Compressing(file, packing.compress)
            if packing.recipient:
                _pyrage().encrypt_io(reader, out, [_recipient(packing.recipient)])
            else:
                while block := reader.read(BLOCK):
                    out.write(block)
            # Its last write may have failed without a word.
            if out.error is not None:
                raise out.error
            target.flush()
            os.fsync(target.fileno())
    except OSError as error:
        into.unlink(missing_ok=True)
        raise UploadError(f"{source.name} could not be packed: {error}", code="packing") from error
    return Packed(into, out.size, out.digest.hexdigest())


class _Out:
    """Where the packed bytes go; remembers an error that its caller may have swallowed."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self.digest = hashlib.sha256()
        self.size = 0
        self.error: OSError | None = None

    def write(self, block: bytes) -> int:
        try:
            self._file.write(block)
        except OSError as error:
            self.error = error
            raise
        self.digest.update(block)
        self.size += len(block)
        return len(block)

    def flush(self) -> None:
        self._file.flush()


class _Compressing:
    """The file's bytes, compressed, as a reader."""

    def __init__(self, file: BinaryIO, method: str) -> None:
        self._file = file
        self._press = _press(method)
        self._ready = bytearray()
        self._is_over = False

    def read(self, size: int = -1) -> bytes:
        while not self._is_over and (size < 0 or len(self._ready) < size):
            block = self._file.read(BLOCK)
            if block:
                self._ready += self._press.compress(block) if self._press else block
            else:
                self._is_over = True
                self._ready += self._press.flush() if self._press else b""
        end = len(self._ready) if size < 0 else size
        found = bytes(self._ready[:end])
        del self._ready[:end]
        return found


def _press(method: str) -> Any:
    if method == GZIP:
        return zlib.compressobj(6, zlib.DEFLATED, 31)
    if method == ZSTD:
        zstd = _zstd()
        return zstd.ZstdCompressor(options={zstd.CompressionParameter.checksum_flag: 1})
    return None


def _zstd() -> Any:
    try:
        from compression import zstd  # type: ignore[import-not-found]  # of Python 3.14
    except ImportError:
        try:
            from backports import zstd
        except ImportError as error:
            raise NotConfigured(
                "zstd is not installed: pip install holdfast-agent[zstd]"
            ) from error
    return zstd


def _pyrage() -> Any:
    try:
        import pyrage
    except ImportError as error:
        raise NotConfigured("age is not installed: pip install holdfast-agent[age]") from error
    return pyrage


def _recipient(text: str) -> Any:
    pyrage = _pyrage()
    kind = pyrage.ssh if text.startswith("ssh-") else pyrage.x25519
    try:
        return kind.Recipient.from_str(text)
    except pyrage.RecipientError as error:
        raise NotConfigured(f"encrypt_recipient is no age recipient: {error}") from error
