"""What is sent: a file read once, hashed on the way, paced, and interruptible between blocks."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, BinaryIO, Callable

from holdfast_agent.digests import RunningDigest
from holdfast_agent.errors import Paused, UploadError
from holdfast_agent.pace import BandwidthLimit, Stop

BLOCK = 256 << 10
Progress = Callable[[float], Any]


class ProgressFileWrapper:
    """A file object that calls `callback(percent)` while it is read; the rest is the file's own."""

    def __init__(
        self, file: BinaryIO, total_size: int | None = None, callback: Progress | None = None
    ) -> None:
        self.file = file
        self.callback = callback
        position = file.tell()
        if total_size is None:
            total_size = file.seek(0, 2)
            file.seek(position)
        self.total_size = total_size
        self.bytes_read = position
        self._told = -1.0

    def read(self, size: int = -1) -> bytes:
        block = self.file.read(size)
        self.bytes_read += len(block)
        if block:
            self._tell()
        return block

    def seek(self, offset: int, whence: int = 0) -> int:
        self.bytes_read = self.file.seek(offset, whence)
        return self.bytes_read

    def __len__(self) -> int:
        """What is left to read."""
        return max(0, self.total_size - self.bytes_read)

    def __iter__(self) -> Iterator[bytes]:
        return iter(lambda: self.read(BLOCK), b"")

    def __getattr__(self, name: str) -> Any:
        return getattr(self.file, name)

    def _tell(self) -> None:
        done = percent_of(self.bytes_read, self.total_size)
        if self.callback is not None and done != self._told:
            self._told = done
            self.callback(done)


class Body:
    """The bytes from `offset` to `size` as the request's body.

    It has a length and is iterated, so it goes out under Content-Length, in blocks of ours.
    """

    def __init__(
        self,
        file: BinaryIO,
        *,
        offset: int,
        size: int,
        digest: RunningDigest,
        limit: BandwidthLimit,
        stopped: Stop,
        progress: Progress | None = None,
    ) -> None:
        try:
            digest.stand_at(offset, file)
        except EOFError as error:
            raise _changed() from error
        self._file = ProgressFileWrapper(file, size, progress)
        self._left = size - offset
        self._digest, self._limit, self._stopped = digest, limit, stopped

    def __len__(self) -> int:
        return self._left

    def __iter__(self) -> Iterator[bytes]:
        step = self._limit.block_size(BLOCK)
        while self._left:
            if self._stopped.is_set():
                raise Paused
            block = self._file.read(min(step, self._left))
            if not block:
                raise _changed()
            self._digest.update(block)
            self._limit.wait(len(block), self._stopped)
            self._left -= len(block)
            yield block


def percent_of(done: int, total: int) -> float:
    return round(100 * done / total, 1) if total else 100.0


def _changed() -> UploadError:
    return UploadError("The file became shorter while it was sent.", code="changed")
