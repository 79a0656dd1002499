"""An archive's table of contents, read while its bytes come.

The archive may be a stranger's: every length and number is bounded before it is believed, and a
file that an entry names is one of the archive's own.
"""

import re
from collections.abc import Iterator

from django.utils.translation import gettext as _

from backups.engines.postgres.toc import CUSTOM, MAGIC, TAR, Entry, Head, Raw
from backups.file_errors import CutShort, Damaged, Hostile, Unrecognized
from backups.pipeline import BLOCK_BYTES, Readable

OLDEST, NEWEST = 12, 16
COMPRESSIONS = {0: "none", 1: "gzip", 2: "lz4", 3: "zstd"}

MOST_ITEMS = 1_000_000
# What one entry depends on; it is read again with each block until it has come whole.
MOST_NEEDS = 100_000
# What is no SQL is short: the longest is a function's name with its arguments.
LONGEST_NAME = 64 << 10
# One item is held in memory, all of it.
LONGEST_ITEM = 64 << 20
MOST_BYTES = 512 << 20
# The files that a directory archive consists of.
FILE_NAME = re.compile(r"(?:\d{1,10}\.dat|blobs(?:_\d{1,10})?\.toc|blob_\d{1,10}\.dat)", re.ASCII)
PACKED = re.compile(r"\.(gz|lz4|zst)$")


class TocReader:
    """Takes an archive's bytes and gives its entries. `head` is there once it has come whole;
    `is_over` after the last entry, and `rest` is what was taken behind it. `size` in bytes."""

    def __init__(self) -> None:
        self.head: Head | None = None
        self.size = 0
        self._source = _Source()
        self._left = 0

    @property
    def is_over(self) -> bool:
        return self.head is not None and not self._left

    @property
    def rest(self) -> bytes:
        return self._source.held

    def take(self, block: bytes) -> list[Entry]:
        """The entries that are whole now. Raises Damaged, Hostile or Unrecognized."""
        source, found = self._source, list[Entry]()
        if not source.add(block):
            return found
        whole = 0
        try:
            if self.head is None:
                self.head = _head(source)
                self._left, whole = self.head.items, source.at
            while self._left:
                found.append(_entry(source, self.head))
                self._left -= 1
                whole = source.at
        except _NeedsMore:
            too_long = source.wanted - whole > LONGEST_ITEM
            if too_long or self.size + source.size > MOST_BYTES:
                raise Damaged(_("Its table of contents does not end.")) from None
        self.size += whole
        source.drop(whole)
        return found


def entries_of(reader: Readable, toc: TocReader) -> Iterator[Entry]:
    """To the end of the table; what is read behind it is the reader's `rest`.

    Raises CutShort, Damaged, Hostile or Unrecognized.
    """
    while not toc.is_over:
        block = reader.read(BLOCK_BYTES)
        if not block:
            raise CutShort(_("It is cut within its table of contents."))
        yield from toc.take(block)


class _NeedsMore(Exception):
    """What has come ends within the head or an entry."""


class _Source:
    """A table of thousands of entries has each of these calls a hundred thousand times, and no
    program is at work meanwhile."""

    def __init__(self) -> None:
        self.held = b""
        self.at = 0
        self.int_size = 4
        # How much has to be held before it is worth to read on.
        self.wanted = 0
        self._coming: list[bytes] = []
        self._size = 0

    @property
    def size(self) -> int:
        """How much has come and was not dropped."""
        return self._size

    def add(self, block: bytes) -> bool:
        """Whether it is worth to read on now."""
        self._coming.append(block)
        self._size += len(block)
        if self._size < self.wanted:
            return False
        self.held = b"".join((self.held, *self._coming))
        self._coming.clear()
        return True

    def drop(self, count: int) -> None:
        self.held = self.held[count:]
        self._size -= count
        self.at, self.wanted = 0, max(0, self.wanted - count)

    def since(self, begin: int) -> bytes:
        return self.held[begin : self.at]

    def take(self, count: int) -> bytes:
        end = self.at + count
        if end > len(self.held):
            self.wanted = end
            raise _NeedsMore
        piece = self.held[self.at : end]
        self.at = end
        return piece

    def number(self) -> int:
        """A sign, then the number, its lowest byte first."""
        at, begin = self.at, self.at + self.int_size + 1
        if begin > len(self.held):
            self.wanted = begin
            raise _NeedsMore
        self.at = begin
        value = int.from_bytes(self.held[at + 1 : begin], "little")
        return -value if self.held[at] else value

    def text(self, longest: int = LONGEST_NAME) -> str | None:
        size = self.number()
        if size <= 0:
            return "" if size == 0 else None
        if size > longest:
            raise Damaged(_("The table of contents has a text of %d bytes.") % size)
        body = self.take(size)
        if b"\0" in body:
            raise Damaged(_("The table of contents has a text with a zero byte."))
        return body.decode("utf-8", "surrogateescape")


def printable(text: str) -> str:
    """What was no UTF-8 is replaced: rows and pages take no surrogates."""
    return text.encode("utf-8", "surrogateescape").decode("utf-8", "replace")


def _head(source: _Source) -> Head:
    if source.take(len(MAGIC)) != MAGIC:
        raise Unrecognized(_("It is no archive of pg_dump."))
    major, minor, _revision, int_size, offset_size, kind = source.take(6)
    if major != 1 or not OLDEST <= minor <= NEWEST:
        raise Unrecognized(
            _("Its format %(version)s is none that is known here.")
            % {"version": f"{major}.{minor}"}
        )
    if int_size not in (4, 8) or offset_size not in (4, 8) or kind not in (CUSTOM, TAR):
        raise Damaged(_("The head of the archive is damaged."))
    source.int_size = int_size
    if minor >= 15:
        compression = COMPRESSIONS.get(source.take(1)[0], "unknown")
    else:
        compression = "gzip" if source.number() else "none"
    for _part in range(7):  # when it was made
        source.number()
    database, server, tool = (printable(source.text() or "") for _text in range(3))
    items = source.number()
    if not 0 <= items <= MOST_ITEMS:
        raise Damaged(_("The table of contents claims %d items.") % items)
    return Head(
        kind=kind,
        minor=minor,
        int_size=int_size,
        offset_size=offset_size,
        compression=compression,
        database=database[:200],
        server_version=server[:60],
        tool_version=tool[:60],
        items=items,
        raw=source.since(0),
    )


def _entry(source: _Source, head: Head) -> Entry:
    begin = source.at
    number = source.number()
    source.number()  # whether it has data
    source.text(), source.text()  # its object ids
    name, kind = source.text(), source.text()
    source.number()  # its section
    before = source.since(begin)
    text = source.text(LONGEST_ITEM)
    begin = source.at
    source.text(LONGEST_ITEM)  # how it is dropped
    source.text(LONGEST_ITEM)  # how its rows are copied
    schema = source.text()
    source.text()  # tablespace
    if head.minor >= 14:
        source.text()  # table access method
    if head.minor >= 16:
        source.number()  # the kind of relation
    middle = source.since(begin)
    owner = source.text()
    begin = source.at
    source.text()  # with object ids
    needs = _needs(source)
    file_name = ""
    if head.kind == CUSTOM:
        source.take(1 + head.offset_size)  # where its data lie, if that was known
    else:
        file_name = source.text() or ""
    if number <= 0:
        raise Damaged(_("The table of contents has an item numbered %d.") % number)
    if kind is None:
        raise Damaged(_("The item %d of the table of contents is of no kind.") % number)
    _check_file(number, file_name)
    raw = Raw(before, middle, source.since(begin))
    return Entry(number, kind, name or "", schema or None, owner, text, needs, raw, file_name)


def _needs(source: _Source) -> tuple[int, ...]:
    found: list[int] = []
    while (needed := source.text()) is not None:
        is_number = needed.isascii() and needed.isdigit() and len(needed) <= 10
        if not is_number or len(found) == MOST_NEEDS:
            raise Damaged(_("The table of contents has a dependency that is none."))
        found.append(int(needed))
    return tuple(found)


def _check_file(number: int, name: str) -> None:
    if name and not FILE_NAME.fullmatch(PACKED.sub("", name)):
        # pg_restore would read it, wherever on this machine it lies.
        raise Hostile(
            _("Its item %(number)d wants the file %(name)s.")
            % {"number": number, "name": repr(printable(name[:100]))}
        )
