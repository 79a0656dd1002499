"""A folder of this machine, durable: what is published survives a power cut.

Order of writing: a draft under `.incoming/` → flush → fsync → link under the final name
(which never replaces) → fsync of the folder → the draft's name goes.
"""

import os
import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from storage.errors import ObjectExists, StorageError, storage_error
from storage.keys import check_key

if TYPE_CHECKING:
    from storage.backends import Sink

DRAFTS = ".incoming"
BUFFER_BYTES = 1 << 20


class LocalBackend:
    def __init__(self, folder: str) -> None:
        self.root = Path(folder)

    def put(self, key: str, fill: "Callable[[Sink], None]") -> None:
        final = self._path(key)
        with _named_errors():
            self._make_folder(final.parent)
            self._make_folder(self.root / DRAFTS)
            draft = self.root / DRAFTS / f"{secrets.token_hex(12)}.part"
            descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        try:
            with _Draft(descriptor) as file:
                fill(file)
                file.settle()
            with _named_errors():
                _publish(draft, final)
        finally:
            draft.unlink(missing_ok=True)

    @contextmanager
    def open(self, key: str) -> Iterator[BinaryIO]:
        with _named_errors():
            file = self._path(key).open("rb", buffering=0)
        with file:
            yield file

    def delete(self, key: str) -> None:
        path = self._path(key)
        with _named_errors():
            path.unlink(missing_ok=True)
            _sync_folder(path.parent)

    def size(self, key: str) -> int:
        with _named_errors():
            return self._path(key).stat().st_size

    def free_bytes(self) -> int | None:
        with _named_errors():
            # The folder is made with its first bytes; until then its parent's room counts.
            there = next(path for path in (self.root, *self.root.parents) if path.exists())
            found = os.statvfs(there)
            return found.f_bavail * found.f_frsize

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

    def _make_folder(self, folder: Path) -> None:
        """Make the folder and those above it, durably, readable by its owner alone."""
        if folder.is_dir():
            return
        self._make_folder(folder.parent)
        folder.mkdir(mode=0o700, exist_ok=True)
        _sync_folder(folder.parent)


class _Draft:
    """The draft being written. A short write is an error at once, never a hole."""

    def __init__(self, descriptor: int) -> None:
        self.descriptor = descriptor

    def __enter__(self) -> "_Draft":
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


def _publish(draft: Path, final: Path) -> None:
    try:
        os.link(draft, final)
    except FileExistsError:
        raise ObjectExists("There is already a file under this name.") from None
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
