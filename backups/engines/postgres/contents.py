"""An archive's table of contents, read from its first bytes while they come.

The layout is pg_dump's custom format (pg_backup_archiver.c, WriteHead and WriteToc; versions 1.14
to 1.16, PostgreSQL 12 to 18). `pg_restore --list` tells the same, but parts names by blanks.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from functools import cached_property

MAGIC = b"PGDMP"
CUSTOM = 1
# Where an entry's data lie (K_OFFSET_… in pg_backup_archiver.h).
NOT_TOLD, TOLD = 1, 2
VERSIONS = {(1, 14), (1, 15), (1, 16)}
# A number of entries or a length beyond these is no archive's.
MOST_ENTRIES = 50_000_000
LONGEST_TEXT = 1 << 30
# How much of it is held in memory until its end has come.
MOST_BYTES = 256 << 20


class NotRead(Exception):
    """The bytes are no table of contents that this module knows."""


class _NeedsMore(Exception):
    """What has come ends within an entry."""


@dataclass(frozen=True)
class Entry:
    """`kind` is pg_dump's word, such as TABLE DATA; `number` its dump id. `before` and `after` are
    the bytes around owner and text, kept as they are."""

    number: int
    kind: str
    name: str
    schema: str | None
    owner: str | None
    text: str | None
    needs: tuple[int, ...]
    raw: "Raw" = field(repr=False)

    @property
    def full_name(self) -> str:
        return f"{self.schema}.{self.name}"


@dataclass(frozen=True)
class Raw:
    """An entry's bytes around its text and its owner."""

    head: bytes
    middle: bytes
    tail: bytes


@dataclass(frozen=True)
class Contents:
    """`size` is where the data begins, in bytes; `head` what stands before the first entry."""

    entries: tuple[Entry, ...]
    size: int
    head: bytes
    int_size: int
    offset_size: int

    @cached_property
    def numbered(self) -> dict[int, Entry]:
        return {entry.number: entry for entry in self.entries}

    def with_entries(self, changed: Callable[[Entry], Entry]) -> bytes:
        """The same table of contents with other owners and texts, as bytes.

        Where an entry's data lie is told no more: they lie elsewhere now.
        """
        return self.head + b"".join(self._written(changed(entry)) for entry in self.entries)

    def _written(self, entry: Entry) -> bytes:
        raw = entry.raw
        text, owner = (self._text(value) for value in (entry.text, entry.owner))
        told = len(raw.tail) - 1 - self.offset_size
        state = bytes([NOT_TOLD if raw.tail[told] == TOLD else raw.tail[told]])
        tail = raw.tail[:told] + state + raw.tail[told + 1 :]
        return raw.head + text + raw.middle + owner + tail

    def _text(self, value: str | None) -> bytes:
        if value is None:
            return b"\1" + (1).to_bytes(self.int_size, "little")
        body = value.encode("utf-8", "surrogateescape")
        return b"\0" + len(body).to_bytes(self.int_size, "little") + body


class ContentsReader:
    """Takes an archive's first bytes; `contents` is there as soon as enough have come."""

    def __init__(self) -> None:
        self.taken = bytearray()
        self.contents: Contents | None = None
        self._steps = self._read()
        self._at = 0
        self._begun = False

    def take(self, data: bytes) -> bool:
        """Whether the end of the table is reached. Raises NotRead."""
        self.taken += data
        if self.contents is None:
            if len(self.taken) > MOST_BYTES:
                raise NotRead("too large")
            next(self._steps, None)
        return self.contents is not None

    def _read(self) -> Iterator[None]:
        """Goes on where it stood; yields when more bytes are needed."""
        while True:
            try:
                source = _Source(self.taken)
                shape = _head(source)
                count = source.number(shape.int_size)
                break
            except _NeedsMore:
                yield
        if not 0 <= count <= MOST_ENTRIES:
            raise NotRead("number of entries")
        head = bytes(self.taken[: source.at])
        entries: list[Entry] = []
        while len(entries) < count:
            begin = source.at
            try:
                entries.append(_entry(source, shape))
            except _NeedsMore:
                source.at = begin
                yield
        self.contents = Contents(tuple(entries), source.at, head, shape.int_size, shape.offset_size)


@dataclass(frozen=True)
class _Shape:
    version: tuple[int, int]
    int_size: int
    offset_size: int


class _Source:
    def __init__(self, data: bytearray) -> None:
        self._data = data
        self.at = 0

    def take(self, count: int) -> bytes:
        if self.at + count > len(self._data):
            raise _NeedsMore
        piece = bytes(self._data[self.at : self.at + count])
        self.at += count
        return piece

    def number(self, size: int) -> int:
        """A sign, then the number, its lowest byte first."""
        piece = self.take(size + 1)
        value = int.from_bytes(piece[1:], "little")
        return -value if piece[0] else value

    def text(self, size: int) -> str | None:
        length = self.number(size)
        if length < 0:
            return None
        if length > LONGEST_TEXT:
            raise NotRead("length of a text")
        return self.take(length).decode("utf-8", "surrogateescape")


def _head(source: _Source) -> _Shape:
    if source.take(5) != MAGIC:
        raise NotRead("magic")
    major, minor, _revision, int_size, offset_size, kind = source.take(6)
    if (major, minor) not in VERSIONS or kind != CUSTOM or int_size not in (4, 8):
        raise NotRead("version")
    if (major, minor) >= (1, 15):
        source.take(1)  # the compression's kind
    else:
        source.number(int_size)
    for _part_of_the_time in range(7):
        source.number(int_size)
    for _name_and_versions in range(3):
        source.text(int_size)
    return _Shape((major, minor), int_size, offset_size)


def _entry(source: _Source, shape: _Shape) -> Entry:
    begin, size = source.at, shape.int_size
    number = source.number(size)
    source.number(size)  # whether it has data
    source.text(size), source.text(size)  # its object ids
    name, kind = source.text(size), source.text(size)
    source.number(size)  # its section
    head = _between(source, begin)
    text = source.text(size)
    begin = source.at
    source.text(size), source.text(size)  # how it is dropped, how its rows are copied
    schema = source.text(size)
    source.text(size), source.text(size)  # tablespace, access method
    if shape.version >= (1, 16):
        source.number(size)  # the kind of relation
    middle = _between(source, begin)
    owner = source.text(size)
    begin = source.at
    source.text(size)  # with object ids
    needs = []
    while (needed := source.text(size)) is not None:
        if not needed.isascii() or not needed.isdigit():
            raise NotRead("a dependency")
        needs.append(int(needed))
    source.take(1 + shape.offset_size)  # where its data lie, if that was known
    if number <= 0 or kind is None:
        raise NotRead("an entry")
    raw = Raw(head, middle, _between(source, begin))
    return Entry(number, kind, name or "", schema or None, owner, text, tuple(needs), raw)


def _between(source: _Source, begin: int) -> bytes:
    return bytes(source._data[begin : source.at])


def renamed(entry: Entry, *, owner: str | None, text: str | None) -> Entry:
    return replace(entry, owner=owner, text=text)
