"""What an archive of pg_dump's holds: its head and the entries of its table of contents.

The layout is that of pg_backup_archiver.c (WriteHead, WriteToc), versions 1.12 to 1.16, PostgreSQL
9.0 to 18. `pg_restore --list` tells the same, but parts names by blanks. `toc_reader` reads it.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property

MAGIC = b"PGDMP"
# A directory archive has the tar format's table of contents.
CUSTOM, TAR = 1, 3
# Where an entry's data lie (K_OFFSET_… in pg_backup_archiver.h).
NOT_TOLD, TOLD = 1, 2
# What a version of the format needs at least.
_READERS = {16: 17, 15: 16, 14: 12}


@dataclass(frozen=True)
class Head:
    """What an archive says of itself before its first entry; `raw` is all of it."""

    kind: int
    minor: int
    int_size: int
    offset_size: int
    compression: str
    database: str
    server_version: str
    tool_version: str
    items: int
    raw: bytes = field(repr=False)

    @property
    def tool_major(self) -> int:
        """Of the pg_dump that made it; no less than its format needs."""
        claimed = re.match(r"\d{1,3}", self.tool_version, re.ASCII)
        return max(int(claimed[0]) if claimed else 0, _READERS.get(self.minor, 9))


@dataclass(frozen=True)
class Raw:
    """An entry's bytes around its text and its owner."""

    head: bytes
    middle: bytes
    tail: bytes


@dataclass(frozen=True)
class Entry:
    """`kind` is pg_dump's word, such as TABLE DATA; `number` its dump id. Bytes that are no UTF-8
    stand in names and texts as surrogates. `file_name` is a directory archive's."""

    number: int
    kind: str
    name: str
    schema: str | None
    owner: str | None
    text: str | None
    needs: tuple[int, ...]
    raw: Raw = field(repr=False)
    file_name: str = ""

    @property
    def full_name(self) -> str:
        return f"{self.schema}.{self.name}" if self.schema else self.name


@dataclass(frozen=True)
class Toc:
    """A whole table of contents. `size` is where the data begin, in bytes."""

    head: Head
    entries: tuple[Entry, ...]
    size: int

    @cached_property
    def numbered(self) -> dict[int, Entry]:
        return {entry.number: entry for entry in self.entries}

    def with_entries(self, changed: Callable[[Entry], Entry]) -> bytes:
        """A custom archive's with other owners and texts, as bytes.

        Where an entry's data lie is told no more: they lie elsewhere now.
        """
        return self.head.raw + b"".join(self._written(changed(entry)) for entry in self.entries)

    def _written(self, entry: Entry) -> bytes:
        raw = entry.raw
        text, owner = (self._text(value) for value in (entry.text, entry.owner))
        told = len(raw.tail) - 1 - self.head.offset_size
        state = bytes([NOT_TOLD if raw.tail[told] == TOLD else raw.tail[told]])
        tail = raw.tail[:told] + state + raw.tail[told + 1 :]
        return raw.head + text + raw.middle + owner + tail

    def _text(self, value: str | None) -> bytes:
        size = self.head.int_size
        if value is None:
            return b"\1" + (1).to_bytes(size, "little")
        body = value.encode("utf-8", "surrogateescape")
        return b"\0" + len(body).to_bytes(size, "little") + body
