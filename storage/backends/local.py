"""A folder of this machine, durable: what is published survives a power cut.

Order of writing: a draft under `.incoming/` → flush → fsync → link under the final name
(which never replaces) → fsync of the folder → the draft's name goes. A sheet, and it alone,
is renamed over the one before.
"""

import errno
import fcntl
import hashlib
import os
import secrets
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from faults import reach
from storage.errors import NotLockable, ObjectExists, StorageError, storage_error
from storage.keys import check_key, check_sheet_key

if TYPE_CHECKING:
    from storage.backends import Sink

DRAFTS = ".incoming"
YOUNG_SECONDS = 60
_AT_WORK = "Another writer is at work on this file."


@dataclass(frozen=True)
class Room:
    """In bytes."""

    free: int
    total: int


class LocalBackend:
    def __init__(self, folder: str) -> None:
        self.root = Path(folder)
        # A relative one would mean another place for each process.
        if not self.root.is_absolute():
            raise StorageError("The storage has no full path of a folder.")

    def put(self, key: str, fill: "Callable[[Sink], None]") -> None:
        self._write(key, fill, _publish)

    def adopt(self, key: str, source: Path) -> bool:
        """A file of the same disk gets this key as a second name: no byte is written again.

        It must be flushed already, and nobody may write to it any more. False when it cannot be:
        another disk. Raises ObjectExists.
        """
        final = self._path(key)
        with _named_errors():
            self._make_folder(final.parent)
            try:
                _publish(source, final)
            except OSError as error:
                if error.errno in (errno.EXDEV, errno.EPERM, errno.EMLINK, errno.EOPNOTSUPP):
                    return False
                raise
        reach("storage.adopted")
        return True

    def replace(self, key: str, fill: "Callable[[Sink], None]") -> None:
        self._write(check_sheet_key(key), fill, _publish_over)

    def _write(
        self, key: str, fill: "Callable[[Sink], None]", publish: Callable[[Path, Path], None]
    ) -> None:
        final = self._path(key)
        path = self._draft(key)
        with _named_errors():
            self._make_folder(path.parent)
        with _Draft(path) as draft:
            try:
                reach("storage.draft-made")
                fill(draft)
                draft.settle()
                reach("storage.draft-settled")
                # Still locked: until it has its name, `sweep` must not take it for forsaken.
                with _named_errors():
                    self._make_folder(final.parent)
                    publish(path, final)
                reach("storage.published")
            finally:
                # What cannot be removed now, `delete` of the key or `sweep` will.
                with suppress(OSError):
                    draft.forget()

    @contextmanager
    def open(self, key: str) -> Iterator[BinaryIO]:
        with _named_errors():
            file = self._path(key).open("rb", buffering=0)
        with file:
            yield file

    def delete(self, key: str) -> None:
        path = self._path(key)
        with _named_errors():
            # Its draft too: a writer that still lives finds nothing to give a name to.
            self._draft(key).unlink(missing_ok=True)
            path.unlink(missing_ok=True)
            if path.parent != self.root:
                # What a run leaves empty goes too; rmdir takes no folder that holds anything.
                with suppress(OSError):
                    path.parent.rmdir()
            _sync_folder(next(folder for folder in path.parents if folder.is_dir()))

    def keys(self) -> Iterator[str]:
        """All keys, in no order; a draft's stands under `.incoming/`."""
        with _named_errors():
            for folder, _folders, files in os.walk(self.root):
                for file in files:
                    yield str((Path(folder) / file).relative_to(self.root))

    def size(self, key: str) -> int:
        with _named_errors():
            return self._path(key).stat().st_size

    def free_bytes(self) -> int | None:
        return self.room().free

    def room(self) -> Room:
        with _named_errors():
            # The folder is made with its first bytes; until then its parent's room counts.
            there = next(path for path in (self.root, *self.root.parents) if path.exists())
            found = os.statvfs(there)
            # As `df` counts: what is kept for root belongs to nobody here.
            free = found.f_bavail * found.f_frsize
            used = (found.f_blocks - found.f_bfree) * found.f_frsize
            return Room(free=free, total=used + free)

    def sweep(self) -> int:
        """Remove the drafts of writers that are dead; returns how many there were."""
        count = 0
        with _named_errors():
            for draft in (self.root / DRAFTS).glob("*.part"):
                with suppress(FileNotFoundError):
                    count += _remove_if_forsaken(draft)
        return count

    def lock(self, key: str, until: datetime) -> datetime:  # noqa: ARG002 - the protocol's
        raise NotLockable("A folder cannot lock what lies in it.")

    def test(self) -> None:
        key = f"probe-{secrets.token_hex(6)}"
        body = secrets.token_bytes(64)
        with _named_errors():
            self._make_folder(self.root)
        self.put(key, lambda sink: _write_all(sink, body))
        try:
            with self.open(key) as file:
                if file.read() != body:
                    raise StorageError("What was read back differs from what was written.")
        finally:
            self.delete(key)

    def _path(self, key: str) -> Path:
        return self.root / check_key(key)

    def _draft(self, key: str) -> Path:
        """Named by its key, so that what a dead writer left is found without a search."""
        return self.root / DRAFTS / f"{hashlib.sha256(key.encode()).hexdigest()[:32]}.part"

    def _make_folder(self, folder: Path) -> None:
        """Make the folder and those above it, durably, readable by its owner alone."""
        if folder.is_dir():
            return
        self._make_folder(folder.parent)
        folder.mkdir(mode=0o700, exist_ok=True)
        _sync_folder(folder.parent)


class _Draft:
    """The draft being written. A short write is an error at once, never a hole."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.descriptor = -1

    def __enter__(self) -> "_Draft":
        with _named_errors():
            try:
                self.descriptor = _create(self.path)
            except FileExistsError:
                _forget(self.path)
                try:
                    self.descriptor = _create(self.path)
                except FileExistsError:
                    raise ObjectExists(_AT_WORK) from None
        return self

    def __exit__(self, *_exc: object) -> None:
        os.close(self.descriptor)

    def write(self, data: bytes, /) -> int:
        with _named_errors():
            rest = memoryview(data)
            while rest:
                rest = rest[os.write(self.descriptor, rest) :]
        return len(data)

    def settle(self) -> None:
        with _named_errors():
            os.fsync(self.descriptor)

    def forget(self) -> None:
        """Take the name away, unless publishing did and it is another writer's now."""
        if _is_named(self.descriptor, self.path):
            self.path.unlink(missing_ok=True)


def _create(draft: Path) -> int:
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    # Held until the writer closes it or dies: `sweep` takes drafts that nobody holds.
    fcntl.flock(descriptor, fcntl.LOCK_EX)
    if not _is_named(descriptor, draft):
        # Before it was locked, another writer took it for a dead one's: the name is theirs now.
        os.close(descriptor)
        raise ObjectExists(_AT_WORK)
    return descriptor


def _is_named(descriptor: int, path: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(descriptor), path.stat())
    except FileNotFoundError:
        return False


def _forget(draft: Path) -> None:
    """Remove the draft of a dead writer. Raises ObjectExists when it lives.

    It is never written again: a writer that died behind the publishing left it as a second
    name of the published file.
    """
    with suppress(FileNotFoundError):
        descriptor = os.open(draft, os.O_RDONLY)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            draft.unlink()
        except BlockingIOError:
            raise ObjectExists(_AT_WORK) from None
        finally:
            os.close(descriptor)


def _remove_if_forsaken(draft: Path) -> bool:
    # A draft just opened is not locked yet.
    if time.time() - draft.stat().st_mtime < YOUNG_SECONDS:
        return False
    descriptor = os.open(draft, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        draft.unlink()
    except BlockingIOError:
        return False
    finally:
        os.close(descriptor)
    return True


def _publish(draft: Path, final: Path) -> None:
    try:
        os.link(draft, final)
    except FileExistsError:
        raise ObjectExists("There is already a file under this name.") from None
    try:
        _sync_folder(final.parent)
    except OSError:
        # A name that a power cut may take away is no publication.
        final.unlink(missing_ok=True)
        raise


def _publish_over(draft: Path, final: Path) -> None:
    draft.replace(final)
    _sync_folder(final.parent)


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _write_all(sink: "Sink", body: bytes) -> None:
    sink.write(body)


@contextmanager
def _named_errors() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise storage_error(error) from error
