"""A dump from elsewhere, opened: custom format, as it is or within zstd, age, or zstd in age."""

import os
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import IO

import pyrage
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from backups import keyring
from backups.engines.postgres.header import LONGEST, MAGIC, Head, NoArchive, read_head
from backups.errors import BackupError
from backups.pipeline import GuardedReader, GuardedSink, raise_first
from backups.validation import Hashed, Taker, Unpacking
from storage.models import StorageTarget
from storage.services import open_object

AGE = b"age-encryption.org/v1"
ZSTD = b"\x28\xb5\x2f\xfd"
BLOCK_BYTES = 1 << 20


class NoDump(BackupError):
    """The file is none that can be imported."""

    code = "no_dump"
    status = 400
    cure = gettext_lazy("Custom format is needed (pg_dump -Fc), as it is, or within zstd or age.")


class _Enough(Exception):
    """What was wanted is known: the rest need not be read."""


def look(target: StorageTarget, key: str) -> tuple[Head, bool]:
    """The archive's head, and whether zstd was around it. Raises NoDump."""
    first = _First()
    try:
        push(target, key, first)
    except _Enough:
        pass
    try:
        return read_head(bytes(first.body)), first.was_unpacked
    except NoArchive as error:
        raise NoDump(_("This is no dump that can be imported: %s") % error) from error


def push(target: StorageTarget, key: str, taker: Taker) -> None:
    """The file's archive into the taker, whatever is around it. Raises NoDump, Corrupt."""
    with open_object(target=target, key=key) as file:
        source = Hashed(file, lambda _count: None)
        first = source.read(len(AGE))
        peeked = GuardedReader(_Peeked(first, source))
        sniffing = _Sniffing(taker)
        if first != AGE:
            while block := peeked.read(BLOCK_BYTES):
                sniffing.write(block)
        else:
            sink = GuardedSink(sniffing)
            try:
                pyrage.decrypt_io(peeked, sink, [keyring.installation_identity()])
            except Exception as error:
                raise_first(peeked.failure, sink.failure)
                said = _("It cannot be opened with this server's key: %s") % error
                raise NoDump(said) from error
            raise_first(peeked.failure, sink.failure)
        sniffing.finish()


class _Peeked:
    def __init__(self, first: bytes, rest: Hashed) -> None:
        self._first, self._rest = first, rest

    def read(self, size: int, /) -> bytes:
        if self._first:
            piece, self._first = self._first[:size], self._first[size:]
            return piece
        return self._rest.read(size)


class _Sniffing:
    """Sees by the first bytes whether zstd is around the archive, and takes it off."""

    def __init__(self, taker: Taker) -> None:
        self._taker = taker
        self._held = b""
        self._through: Unpacking | Taker | None = None

    def write(self, data: bytes, /) -> int:
        if self._through is None:
            self._held += data
            if len(self._held) < len(MAGIC):
                return len(data)
            self._choose()
            rest, self._held = self._held, b""
        else:
            rest = data
        assert self._through is not None
        self._through.write(rest)
        return len(data)

    def _choose(self) -> None:
        if self._held.startswith(ZSTD):
            self._through = Unpacking(self._taker)
            if isinstance(self._taker, _First):
                self._taker.was_unpacked = True
        elif self._held.startswith(MAGIC):
            self._through = self._taker
        else:
            raise NoDump(_("This is no dump that can be imported."))

    def finish(self) -> None:
        if self._through is None:
            raise NoDump(_("This is no dump that can be imported."))
        if isinstance(self._through, Unpacking):
            self._through.__exit__(None)


class _First:
    """Keeps the first bytes of an archive, and then has enough."""

    def __init__(self) -> None:
        self.body = bytearray()
        self.was_unpacked = False

    def write(self, data: bytes, /) -> int:
        self.body += data[: LONGEST - len(self.body)]
        if len(self.body) >= LONGEST:
            raise _Enough
        return len(data)


@contextmanager
def piped(fill: Callable[[Taker], None]) -> Iterator[tuple[IO[bytes], Callable[[], None]]]:
    """What is pushed, to be read; the second says at the end whether it came whole, or raises."""
    reading, writing = os.pipe()
    failures: list[BaseException] = []

    def run() -> None:
        try:
            with os.fdopen(writing, "wb", buffering=0) as pipe:
                fill(_Pipe(pipe))
        except BaseException as error:  # noqa: BLE001 - raised again by `finish`
            failures.append(error)

    thread = threading.Thread(target=run, daemon=True)
    thread.start()

    def finish() -> None:
        thread.join()
        raise_first(*failures)

    try:
        with os.fdopen(reading, "rb", buffering=BLOCK_BYTES) as stream:
            yield stream, finish
    finally:
        # With the pipe's end closed the thread finds nobody to write for.
        thread.join()


class _Pipe:
    def __init__(self, pipe: IO[bytes]) -> None:
        self._pipe = pipe

    def write(self, data: bytes, /) -> int:
        rest = memoryview(data)
        while rest:
            rest = rest[self._pipe.write(rest) :]
        return len(data)
