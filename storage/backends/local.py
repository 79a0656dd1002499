"""A folder of this machine, durable: what is published survives a power cut.

Order of writing: a draft under `.incoming/` → flush → fsync → link under the final name
(which never replaces) → fsync of the folder → the draft's name goes. A sheet, and it alone,
is renamed over the one before.
"""

import errno
import hashlib
import os
import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from faults import reach
from storage.backends.drafts import DRAFTS, Draft, named_errors, remove_if_forsaken
from storage.backends.room import Room
from storage.errors import NotLockable, ObjectExists, StorageError
from storage.keys import check_key, check_sheet_key

if TYPE_CHECKING:
    from storage.backends import Sink


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
        with named_errors():
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
        with named_errors():
            self._make_folder(path.parent)
        with Draft(path) as draft:
            try:
                reach("storage.draft-made")
                fill(draft)
                draft.settle()
                reach("storage.draft-settled")
                # Still locked: until it has its name, `sweep` must not take it for forsaken.
                with named_errors():
                    self._make_folder(final.parent)
                    publish(path, final)
                reach("storage.published")
            finally:
                # What cannot be removed now, `delete` of the key or `sweep` will.
                with suppress(OSError):
                    draft.forget()

    @contextmanager
    def open(self, key: str) -> Iterator[BinaryIO]:
        with named_errors():
            file = self._path(key).open("rb", buffering=0)
        with file:
            yield file

    def delete(self, key: str) -> None:
        path = self._path(key)
        with named_errors():
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
        with named_errors():
            for folder, _folders, files in os.walk(self.root):
                for file in files:
                    yield str((Path(folder) / file).relative_to(self.root))

    def size(self, key: str) -> int:
        with named_errors():
            return self._path(key).stat().st_size

    def free_bytes(self) -> int | None:
        return self.room().free

    def room(self) -> Room:
        with named_errors():
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
        with named_errors():
            for draft in (self.root / DRAFTS).glob("*.part"):
                with suppress(FileNotFoundError):
                    count += remove_if_forsaken(draft)
        return count

    def lock(self, key: str, until: datetime) -> datetime:  # noqa: ARG002 - the protocol's
        raise NotLockable("A folder cannot lock what lies in it.")

    def test(self) -> None:
        key = f"probe-{secrets.token_hex(6)}"
        body = secrets.token_bytes(64)
        with named_errors():
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
