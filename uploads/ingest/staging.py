"""Staging files: one for each part, under a name of ours, held by one writer at a time."""

import errno
import fcntl
import os
import shutil
import uuid
from pathlib import Path

from django.conf import settings
from django.utils.translation import gettext as _

from uploads.errors import NoRoom


def staging_folder() -> Path:
    place: Path = settings.PLACES.uploads
    place.mkdir(mode=0o700, parents=True, exist_ok=True)
    return place


def staging_path(part_id: uuid.UUID) -> Path:
    return staging_folder() / part_id.hex


def take(part_id: uuid.UUID) -> int | None:
    """A descriptor that holds the file's lock, or None while another writer holds it."""
    path = staging_path(part_id)
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        if os.path.samestat(os.fstat(descriptor), path.stat()):
            sync_folder(path.parent)
            return descriptor
    except (BlockingIOError, FileNotFoundError):
        pass
    os.close(descriptor)
    return None


def work_folder(path: Path) -> Path:
    """Beside a staging file, for what is unpacked of it to be looked at."""
    return path.with_name(f"{path.name}.work")


def drop(part_id: uuid.UUID) -> None:
    path = staging_path(part_id)
    shutil.rmtree(work_folder(path), ignore_errors=True)
    path.unlink(missing_ok=True)


def write_all(descriptor: int, block: bytes, at: int) -> None:
    rest = memoryview(block)
    while rest:
        done = os.pwrite(descriptor, rest, at)
        rest, at = rest[done:], at + done


def sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def no_room(error: OSError) -> Exception:
    """Raised in its place: a full disk is the sender's to know, all else is a fault of ours."""
    if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
        return NoRoom(_("The disk of the server is full; what came until now is kept."))
    return error
