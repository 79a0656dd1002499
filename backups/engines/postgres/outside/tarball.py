"""A tar of pg_dump's (its tar format, or its directory format packed by anyone), member by member.

Only what such an archive consists of is believed: regular files of known names in one folder.
Python's own reader takes the lengths that a header claims into memory; this one does not.
"""

import os
import re
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from django.conf import settings
from django.utils.translation import gettext as _

from backups.engines.postgres.toc_reader import FILE_NAME, PACKED
from backups.errors import DiskFull
from backups.file_errors import CutShort, Damaged, Hostile
from backups.pipeline import BLOCK_BYTES, Readable

RECORD = 512
MOST_MEMBERS = 1_000_000
LONGEST_PAX = 64 << 10
TOC, SCRIPT = "toc.dat", "restore.sql"
LOOK_EACH = 64 << 20
_REGULAR, _FOLDER, _PAX, _PAX_GLOBAL = (b"0", b"\0"), b"5", b"x", b"g"
_NAMES = {
    b"1": "a hard link",
    b"2": "a symbolic link",
    b"3": "a device",
    b"4": "a device",
    b"6": "a pipe",
    b"S": "a file with holes",
    b"L": "a name of more than 100 letters",
    b"K": "a link's name of more than 100 letters",
}
_BLOB_LINE = re.compile(rb"\d{1,10} blob_\d{1,10}\.dat\n")


@dataclass(frozen=True)
class Member:
    """`name` is without its folder."""

    name: str
    size: int


class Tarball:
    """`has_script` after all members: then pg_dump wrote the tar itself."""

    def __init__(self, inner: Readable) -> None:
        self.has_script = False
        self._inner = inner
        self._left = 0  # of the member at hand
        self._padding = 0
        self._folder: str | None = None
        self._seen: set[str] = set()

    def members(self) -> Iterator[Member]:
        """The files; what is not read of one is passed over. Raises a `Refused`."""
        path, size = "", -1
        for _count in range(3 * MOST_MEMBERS):
            self._pass_over()
            header = self._exactly(RECORD)
            if not any(header):
                self._check_end()
                return
            kind, claimed = _checked(header)
            if kind in (_PAX, _PAX_GLOBAL):
                records = self._pax(claimed)
                if kind == _PAX:
                    path, size = records.get("path", ""), int(records.get("size", -1))
                continue
            name = path or _name_of(header)
            length = claimed if size < 0 else size
            path, size = "", -1
            if kind == _FOLDER:
                _parts(name)
                continue
            if kind not in _REGULAR:
                named = _NAMES.get(kind, repr(kind))
                raise Hostile(
                    _("Its member %(name)s is %(kind)s.")
                    % {"name": repr(name[:100]), "kind": named}
                )
            self._left, self._padding = length, -length % RECORD
            yield Member(self._known(name), length)
        raise Damaged(_("The tar has too many members."))

    def read(self, size: int, /) -> bytes:
        """Of the member at hand."""
        piece = self._inner.read(min(size, self._left)) if self._left else b""
        if self._left and not piece:
            raise CutShort(_("The tar is cut within a member."))
        self._left -= len(piece)
        return piece

    def _known(self, path: str) -> str:
        *above, name = _parts(path)
        folder = "/".join(above)
        if self._folder is None:
            self._folder = folder
        is_part = name in (TOC, SCRIPT) or FILE_NAME.fullmatch(PACKED.sub("", name))
        if not is_part or folder != self._folder:
            raise Hostile(
                _("Its member %(name)s is no part of a dump.") % {"name": repr(path[:100])}
            )
        if name in self._seen:
            raise Hostile(_("Its member %(name)s comes twice.") % {"name": name})
        self._seen.add(name)
        if len(self._seen) > MOST_MEMBERS:
            raise Damaged(_("The tar has too many members."))
        self.has_script = self.has_script or name == SCRIPT
        return name

    def _pass_over(self) -> None:
        while self._left:
            self.read(BLOCK_BYTES)
        if self._padding:
            self._exactly(self._padding)
            self._padding = 0

    def _pax(self, size: int) -> dict[str, str]:
        """Records of ``length key=value\\n`` (POSIX.1-2001, pax)."""
        if size > LONGEST_PAX:
            raise Damaged(_("The tar has a header of %d bytes.") % size)
        body = self._exactly(size + -size % RECORD)[:size]
        found: dict[str, str] = {}
        while body:
            match = re.match(rb"(\d{1,6}) ([^=\n]{1,100})=", body)
            length = int(match[1]) if match else 0
            if match is None or not match.end() < length <= len(body):
                raise Damaged(_("A header of the tar is damaged."))
            found[match[2].decode("utf-8", "replace")] = body[match.end() : length - 1].decode(
                "utf-8", "replace"
            )
            body = body[length:]
        if any(key.startswith("GNU.sparse") or key == "linkpath" for key in found):
            raise Hostile(_("The tar has files with holes, or links."))
        if not re.fullmatch(r"\d{1,15}", found.get("size", "0")):
            raise Damaged(_("A header of the tar is damaged."))
        return found

    def _check_end(self) -> None:
        """Another record of zeros (POSIX.1-2001, ustar), and nothing but zeros behind it."""
        found = 0
        while block := self._inner.read(BLOCK_BYTES):
            found += len(block)
            if block.count(0) != len(block):
                raise Damaged(_("Something stands behind the end of the tar."))
        if found < RECORD:
            raise CutShort(_("The tar is cut: its end is missing."))

    def _exactly(self, size: int) -> bytes:
        pieces = []
        while size:
            piece = self._inner.read(size)
            if not piece:
                raise CutShort(_("The tar is cut: its end is missing."))
            pieces.append(piece)
            size -= len(piece)
        return b"".join(pieces)


def is_tar(head: bytes) -> bool:
    """Whether the first record is a header with a right checksum."""
    if len(head) < RECORD or not any(head[:100]):
        return False
    try:
        _checked(head[:RECORD])
    except Damaged:
        return False
    return True


def unpack(reader: Readable, folder: Path) -> str:
    """Into a private, empty folder. The format: tar or directory. Raises BackupError."""
    tar, unlooked = Tarball(reader), LOOK_EACH
    for member in tar.members():
        if member.name == SCRIPT:
            continue
        _check_room(folder, member.size)
        try:
            descriptor = os.open(folder / member.name, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(descriptor, "wb") as file:
                while block := tar.read(BLOCK_BYTES):
                    unlooked -= file.write(block)
                    if unlooked <= 0:
                        unlooked = LOOK_EACH
                        _check_room(folder, 0)
        except OSError as error:
            raise DiskFull(
                _("The tar cannot be unpacked: %(said)s.") % {"said": error.strerror}
            ) from error
        if member.name.endswith(".toc"):
            _check_blobs(folder / member.name)
    if not (folder / TOC).exists():
        raise CutShort(_("The tar has no table of contents (toc.dat)."))
    return "tar" if tar.has_script else "directory"


def _check_blobs(listing: Path) -> None:
    """pg_restore reads the files that stand in it, wherever they lie."""
    with listing.open("rb") as file:
        while line := file.readline(100):
            if not _BLOB_LINE.fullmatch(line):
                raise Hostile(
                    _("The list %(name)s names what is no large object.") % {"name": listing.name}
                )


def _checked(header: bytes) -> tuple[bytes, int]:
    """The kind and size of a member. Raises Damaged."""
    try:
        total = sum(header[:148]) + 8 * 32 + sum(header[156:])
        if int(header[148:156].strip(b"\0 ") or b"x", 8) != total:
            raise ValueError
        size = header[124:136]
        if size[0] == 0x80:  # more than eight gigabytes (GNU)
            return header[156:157], int.from_bytes(size[4:], "big")
        return header[156:157], int(size.strip(b"\0 ") or b"0", 8)
    except ValueError as error:
        raise Damaged(_("A header of the tar is damaged.")) from error


def _name_of(header: bytes) -> str:
    name = header[:100].split(b"\0")[0]
    prefix = header[345:500].split(b"\0")[0] if header[257:263] == b"ustar\0" else b""
    whole = prefix + b"/" + name if prefix else name
    return whole.decode("utf-8", "replace")


def _parts(path: str) -> list[str]:
    parts = path.split("/")
    if path.startswith("/") or ".." in parts or "\0" in path:
        raise Hostile(_("Its member %(name)s leads elsewhere.") % {"name": repr(path[:100])})
    return [part for part in parts if part not in ("", ".")] or ["."]


def _check_room(folder: Path, wanted: int) -> None:
    kept = settings.ENVIRONMENT.disk_reserve_mb << 20
    if shutil.disk_usage(folder).free < wanted + kept:
        raise DiskFull(_("There is too little room on this machine to unpack the tar."))
