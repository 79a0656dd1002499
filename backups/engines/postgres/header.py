"""The head of a custom-format archive: who wrote it, of which server, and how it is packed.

The layout is that of `ReadHead` in PostgreSQL's src/bin/pg_dump/pg_backup_archiver.c.
"""

from dataclasses import dataclass

MAGIC = b"PGDMP"
LONGEST = 8192
CUSTOM = 1
ZSTD = 3
# When the kind of compression got a byte of its own, and the versions were first written down.
COMPRESSION_BYTE = (1, 15)
VERSIONS = (1, 10)
LONGEST_NAME = 1024


class NoArchive(ValueError):
    """These are not the first bytes of a custom-format archive."""


@dataclass(frozen=True)
class Head:
    server_version: str
    tool_version: str
    is_zstd: bool

    @property
    def tool_major(self) -> int:
        return int(self.tool_version.split(".")[0])


def read_head(first: bytes) -> Head:
    """Raises NoArchive."""
    try:
        return _read(_Cursor(first))
    except (IndexError, ValueError) as error:
        raise NoArchive(str(error)) from error


def _read(cursor: "_Cursor") -> Head:
    if cursor.take(5) != MAGIC:
        raise NoArchive("no archive of pg_dump")
    version = (cursor.byte(), cursor.byte())
    cursor.byte()  # the revision
    cursor.int_size = cursor.byte()
    cursor.byte()  # the size of offsets
    if cursor.byte() != CUSTOM or version < VERSIONS or not 1 <= cursor.int_size <= 8:
        raise NoArchive("another format than custom")
    is_zstd = version >= COMPRESSION_BYTE and cursor.byte() == ZSTD
    if version < COMPRESSION_BYTE:
        cursor.integer()  # the level of gzip
    for _field in range(7):
        cursor.integer()  # the parts of the time
    cursor.text()  # the database's name
    server, tool = cursor.text(), cursor.text()
    int(tool.split(".")[0])
    return Head(server.split(" ")[0][:40], tool.split(" ")[0][:40], is_zstd)


class _Cursor:
    def __init__(self, body: bytes) -> None:
        self._body = body
        self._at = 0
        self.int_size = 4

    def take(self, count: int) -> bytes:
        found = self._body[self._at : self._at + count]
        if len(found) < count:
            raise NoArchive("cut in its head")
        self._at += count
        return found

    def byte(self) -> int:
        return self.take(1)[0]

    def integer(self) -> int:
        sign = self.byte()
        value = int.from_bytes(self.take(self.int_size), "little")
        return -value if sign else value

    def text(self) -> str:
        length = self.integer()
        if not 0 <= length <= LONGEST_NAME:
            raise NoArchive("a name that is too long")
        return self.take(length).decode(errors="replace")
