"""Where received files lie, and how files of configured folders are opened.

Nothing is followed: a link anywhere below the configured folder is refused.
"""

import errno
import os
import stat
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from django.conf import settings
from django.utils.translation import gettext as _

from backups.errors import Missing
from restores.errors import PathRefused

_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
# A pipe that nobody writes to must not hold us up.
_FILE = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC


def folder() -> Path:
    """The private folder of received files; made when it is missing."""
    place: Path = settings.PLACES.received
    place.mkdir(mode=0o700, parents=True, exist_ok=True)
    return place


def place_of(file_id: uuid.UUID) -> Path:
    return folder() / file_id.hex


@contextmanager
def open_received(file_id: uuid.UUID) -> Iterator[BinaryIO]:
    """Raises Missing."""
    try:
        descriptor = os.open(place_of(file_id), _FILE)
    except FileNotFoundError as error:
        raise Missing(_("The file is not on this machine any more; upload it again.")) from error
    with os.fdopen(descriptor, "rb", buffering=0) as file:
        yield file


@contextmanager
def open_path(path: str) -> Iterator[BinaryIO]:
    """A regular file under a configured folder. Raises PathRefused or Missing."""
    root, parts = _under_a_root(path)
    try:
        descriptor = _walk(root, parts)
    except FileNotFoundError as error:
        raise Missing(_("There is no such file.")) from error
    except OSError as error:
        if error.errno in (errno.ELOOP, errno.ENOTDIR):
            raise PathRefused(_("There is a link, or no folder, on the way to it.")) from error
        raise PathRefused(_("It cannot be opened: %(said)s.") % {"said": error.strerror}) from error
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise PathRefused(_("It is no regular file."))
    with os.fdopen(descriptor, "rb", buffering=0) as file:
        yield file


def _under_a_root(path: str) -> tuple[Path, list[str]]:
    roots = [Path(one) for one in settings.ENVIRONMENT.restore_roots]
    if not roots:
        raise PathRefused(_("No folder is configured for this: set HOLDFAST_RESTORE_ROOTS."))
    asked = path.split("/")
    if not path.startswith("/") or "\0" in path or ".." in asked:
        raise PathRefused(_("Give a full path, without `..`."))
    parts = [part for part in asked if part not in ("", ".")]
    for root in roots:
        above = list(root.parts[1:])
        if root.is_absolute() and len(parts) > len(above) and parts[: len(above)] == above:
            return root, parts[len(above) :]
    raise PathRefused(_("It lies under none of the configured folders."))


def _walk(root: Path, parts: list[str]) -> int:
    # The root itself is the administrator's word, and may be a link.
    here = os.open(root, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        for part in parts[:-1]:
            below = os.open(part, _FOLDER, dir_fd=here)
            os.close(here)
            here = below
        return os.open(parts[-1], _FILE, dir_fd=here)
    finally:
        os.close(here)
