"""Files on this machine: opened without following links, and known again when they change."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from holdfast_agent.errors import UploadError

_NO_LINKS = getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_BINARY", 0) | getattr(os, "O_CLOEXEC", 0)
_REPARSE_POINT = 0x400
_MOST_INODE = (1 << 63) - 1


@dataclass(frozen=True)
class Identity:
    """As long as it is the same, the bytes are taken to be the same."""

    size: int
    mtime_ns: int
    inode: int

    @classmethod
    def of(cls, found: os.stat_result) -> Identity:
        # SQLite keeps 63 bits; Windows' file ids may have more.
        return cls(found.st_size, found.st_mtime_ns, found.st_ino & _MOST_INODE)


def is_plain(found: os.stat_result) -> bool:
    """A regular file: no link, junction, folder or device. `found` is by lstat."""
    attributes: int = getattr(found, "st_file_attributes", 0)
    return stat.S_ISREG(found.st_mode) and not attributes & _REPARSE_POINT


@contextmanager
def opened(path: Path) -> Iterator[BinaryIO]:
    """For reading. Raises UploadError for what is gone, unreadable or no plain file."""
    try:
        if not is_plain(os.lstat(path)):
            raise UploadError(f"{path} is no plain file.", code="no_file")
        number = os.open(path, os.O_RDONLY | _NO_LINKS)
    except FileNotFoundError as error:
        raise UploadError(f"{path} is gone.", code="gone") from error
    except OSError as error:
        raise UploadError(f"{path} cannot be read: {error}", code="unreadable") from error
    with os.fdopen(number, "rb") as file:
        yield file


def identity_of(path: Path) -> Identity | None:
    """None when there is no plain file."""
    try:
        found = os.lstat(path)
    except OSError:
        return None
    return Identity.of(found) if is_plain(found) else None
