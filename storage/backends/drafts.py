"""The drafts of a folder: what is being written, held by a lock that a dead writer lets go."""

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from storage.errors import ObjectExists, storage_error

DRAFTS = ".incoming"
YOUNG_SECONDS = 60
_AT_WORK = "Another writer is at work on this file."


class Draft:
    """The draft being written. A short write is an error at once, never a hole."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.descriptor = -1

    def __enter__(self) -> "Draft":
        with named_errors():
            try:
                self.descriptor = _create(self.path)
            except FileExistsError:
                forget(self.path)
                try:
                    self.descriptor = _create(self.path)
                except FileExistsError:
                    raise ObjectExists(_AT_WORK) from None
        return self

    def __exit__(self, *_exc: object) -> None:
        os.close(self.descriptor)

    def write(self, data: bytes, /) -> int:
        with named_errors():
            rest = memoryview(data)
            while rest:
                rest = rest[os.write(self.descriptor, rest) :]
        return len(data)

    def settle(self) -> None:
        with named_errors():
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


def forget(draft: Path) -> None:
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


def remove_if_forsaken(draft: Path) -> bool:
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


@contextmanager
def named_errors() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise storage_error(error) from error
