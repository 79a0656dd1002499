"""A stream into a private file: whole and durable under its own name, or nothing of it.

Order: a draft, locked → written and hashed → fsync → its name → fsync of the folder → its row.
A file that nobody holds and no row knows is removed by the tick.
"""

import fcntl
import hashlib
import os
import shutil
import uuid
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from django.conf import settings
from django.utils.translation import gettext as _

from backups.errors import DiskFull
from faults import reach
from restores.errors import NothingReceived, TooLarge, UploadBroken
from restores.received.places import folder, place_of

# How often, in bytes, the free space is looked at.
LOOK_EACH = 64 << 20


@dataclass(frozen=True)
class Received:
    id: uuid.UUID
    size: int
    sha256: str


@contextmanager
def receive(blocks: Iterable[bytes], *, announced: int | None = None) -> Iterator[Received]:
    """The file of these blocks; write its row in the block. It is removed when that raises.

    Raises TooLarge, DiskFull, UploadBroken or NothingReceived.
    """
    if announced is not None:
        _check_size(announced)
    _check_room(announced or 0)
    name = uuid.uuid4()
    draft = place_of(name).with_suffix(".part")
    # Locked until its row is written: who finds it unlocked and without one may remove it.
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        if not draft.exists():
            # The tick came between the two lines above.
            raise UploadBroken(_("Its file was taken away; send it again."))
        try:
            received = _write(descriptor, name, blocks, announced)
            reach("received.written")
            draft.rename(place_of(name))
            _sync_folder(folder())
            reach("received.named")
            yield received
        except BaseException:
            draft.unlink(missing_ok=True)
            place_of(name).unlink(missing_ok=True)
            raise
    finally:
        os.close(descriptor)


def _write(
    descriptor: int, name: uuid.UUID, blocks: Iterable[bytes], announced: int | None
) -> Received:
    size, unlooked, digest = 0, 0, hashlib.sha256()
    try:
        for block in blocks:
            size += len(block)
            unlooked += len(block)
            _check_size(size)
            if unlooked >= LOOK_EACH:
                unlooked = 0
                _check_room(0)
            digest.update(block)
            _write_all(descriptor, block)
        os.fsync(descriptor)
    except OSError as error:
        raise DiskFull(
            _("The file cannot be kept: %(said)s.") % {"said": error.strerror or error}
        ) from error
    if announced is not None and size != announced:
        raise UploadBroken(
            _("%(size)d of %(announced)d bytes came.") % {"size": size, "announced": announced}
        )
    if not size:
        raise NothingReceived(_("The file is empty."))
    return Received(name, size, digest.hexdigest())


def _write_all(descriptor: int, block: bytes) -> None:
    rest = memoryview(block)
    while rest:
        rest = rest[os.write(descriptor, rest) :]


def _check_size(size: int) -> None:
    most: int = settings.ENVIRONMENT.upload_most_mb
    if size > most << 20:
        raise TooLarge(_("Files of at most %(most)d MB are taken.") % {"most": most})


def _check_room(wanted: int) -> None:
    kept: int = settings.ENVIRONMENT.disk_reserve_mb << 20
    if shutil.disk_usage(folder()).free < wanted + kept:
        raise DiskFull(_("There is too little room on this machine for the file."))


def _sync_folder(place: Path) -> None:
    descriptor = os.open(place, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
