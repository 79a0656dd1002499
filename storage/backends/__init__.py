"""One module for each kind of target, behind one protocol."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from datetime import datetime
from pathlib import Path
from typing import BinaryIO, Protocol

from storage.backends.local import LocalBackend
from storage.backends.room import Room
from storage.models import StorageTarget


class Sink(Protocol):
    """Where the bytes of one object go, in order."""

    def write(self, data: bytes, /) -> int: ...


class Backend(Protocol):
    """What a kind of target must do.

    `put` MUST publish the object whole or not at all: when `fill` raises, or the process dies,
    nothing lies under the key. It MUST NOT replace an object (ObjectExists). When it returns,
    the bytes and the name MUST survive a power cut. `open` MUST read in constant memory.
    Failures MUST be StorageErrors; what `fill` raises MUST pass through unchanged.

    `replace` MUST take sheets alone (BadKey), and leave the old one whole until the new one is:
    at every moment, and after a power cut, one of the two lies there.
    """

    def put(self, key: str, fill: Callable[[Sink], None]) -> None: ...

    def replace(self, key: str, fill: Callable[[Sink], None]) -> None: ...

    def adopt(self, key: str, source: Path) -> bool:
        """Publish a whole, flushed file of this machine without a copy; False: copy it."""

    def open(self, key: str) -> AbstractContextManager[BinaryIO]: ...

    def delete(self, key: str) -> None:
        """Remove the object and what a writer of it has left. Nothing there is no error."""

    def keys(self) -> Iterator[str]:
        """Every key at the target, also of what is half-written."""

    def size(self, key: str) -> int: ...

    def free_bytes(self) -> int | None:
        """Room left, or None where the target does not know."""

    def room(self) -> Room | None:
        """How much is free, and of how much; None where the target has no end."""

    def sweep(self) -> int:
        """Remove what writers that died left half-written; never what one is writing."""

    def lock(self, key: str, until: datetime) -> datetime:
        """Have the place itself keep the object until then; one kept for longer stays so.

        Returns until when it is kept. Raises NotLockable, ObjectMissing.
        """

    def test(self) -> None:
        """Write, read and delete a probe. Raises StorageError."""


def backend_for(target: StorageTarget) -> Backend:
    """Raises StorageError for a target that says too little of itself."""
    if target.kind == StorageTarget.Kind.S3:
        # The library costs half a second of processor time: only who needs it loads it.
        from storage.backends.s3.backend import S3Backend
        from storage.backends.s3.place import place_of

        return S3Backend(place_of(target))
    return LocalBackend(target.options.get("folder") or "")
