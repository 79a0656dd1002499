"""The head and table of contents of pg_dump's archives (pg_backup_archiver.c), read in one pass.

The archive is a stranger's: every length is bounded before it is believed.
"""

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

from django.utils.translation import gettext as _

from backups.file_errors import CutShort, Damaged, Hostile, Unrecognized
from backups.pipeline import BLOCK_BYTES, Readable

MAGIC = b"PGDMP"
CUSTOM, TAR = 1, 3
DATA, BLOBS = b"\x01", b"\x03"
# The format's versions 1.12 (9.0) to 1.16, and what each needs at least.
OLDEST, NEWEST = 12, 16
READERS = {16: 17, 15: 16, 14: 12}
COMPRESSIONS = {0: "none", 1: "gzip", 2: "lz4", 3: "zstd"}

MOST_ITEMS = 1_000_000
LONGEST_TEXT = 64 << 20
MOST_BYTES = 512 << 20
MOST_NAMED = 10_000
# What a role without rights cannot make, or what is a server's and not a database's.
LEFT_OUT = frozenset(
    {
        *("EVENT TRIGGER", "PUBLICATION", "PUBLICATION TABLE", "PUBLICATION TABLES IN SCHEMA"),
        *(
            "SUBSCRIPTION",
            "SUBSCRIPTION TABLE",
            "SECURITY LABEL",
            "DATABASE",
            "DATABASE PROPERTIES",
        ),
    }
)
# The files that a directory archive consists of.
FILE_NAME = re.compile(r"(?:\d{1,10}\.dat|blobs(?:_\d{1,10})?\.toc|blob_\d{1,10}\.dat)")
PACKED = re.compile(r"\.(gz|lz4|zst)$")


@dataclass
class Toc:
    """What an archive says of itself. `wanted` are the items to restore, by id."""

    kind: int
    minor: int
    compression: str
    database: str
    server_version: str
    tool_version: str
    items: int
    counts: Counter[str] = field(default_factory=Counter)
    tables: list[str] = field(default_factory=list)
    extensions: list[str] = field(default_factory=list)
    left_out: list[str] = field(default_factory=list)
    wanted: list[int] = field(default_factory=list)
    # The kind of the item that each file belongs to.
    files: dict[str, str] = field(default_factory=dict)

    @property
    def tool_major(self) -> int:
        """Of the pg_dump that made it; no less than its format needs."""
        claimed = re.match(r"\d{1,3}", self.tool_version)
        return max(int(claimed[0]) if claimed else 0, READERS.get(self.minor, 9))


class _Bytes:
    """A reader that gives exactly what is asked for."""

    def __init__(self, inner: Readable) -> None:
        self._inner = inner
        self._taken = 0

    def take(self, size: int) -> bytes:
        pieces = []
        self._taken += size
        if self._taken > MOST_BYTES:
            raise Damaged(_("Its table of contents does not end."))
        while size:
            piece = self._inner.read(size)
            if not piece:
                raise CutShort(_("It is cut within its table of contents."))
            pieces.append(piece)
            size -= len(piece)
        return b"".join(pieces)


class _Archive(_Bytes):
    def __init__(self, inner: Readable) -> None:
        super().__init__(inner)
        if self.take(5) != MAGIC:
            raise Unrecognized(_("It is no archive of pg_dump."))
        major, self.minor = self.take(2)
        self.take(1)
        self.int_size, self._offset_size = self.take(2)
        self.kind = self.take(1)[0]
        if major != 1 or not OLDEST <= self.minor <= NEWEST:
            raise Unrecognized(
                _("Its format %(version)s is none that is known here.")
                % {"version": f"{major}.{self.minor}"}
            )
        if self.int_size not in (4, 8) or self._offset_size not in (4, 8):
            raise Damaged(_("The head of the archive is damaged."))
        if self.kind not in (CUSTOM, TAR):
            raise Damaged(_("The head of the archive is damaged."))

    def number(self) -> int:
        sign = self.take(1)[0]
        found = int.from_bytes(self.take(self.int_size), "little")
        return -found if sign else found

    def text(self) -> str | None:
        size = self.number()
        if size < 0:
            return None
        if size > LONGEST_TEXT:
            raise Damaged(_("The table of contents has a text of %d bytes.") % size)
        return self.take(size).decode("utf-8", "replace")

    def offset(self) -> None:
        self.take(1 + self._offset_size)

    def compression(self) -> str:
        if self.minor >= 15:
            return COMPRESSIONS.get(self.take(1)[0], "unknown")
        return "gzip" if self.number() else "none"


@dataclass(frozen=True)
class _Item:
    number: int
    tag: str
    kind: str
    schema: str
    file_name: str

    @property
    def name(self) -> str:
        return f"{self.schema}.{self.tag}" if self.schema else self.tag


def read_toc(reader: Readable) -> Toc:
    """Raises CutShort, Damaged, Hostile or Unrecognized."""
    return _read(reader)[1]


def read_custom(reader: Readable) -> Toc:
    """The same, and behind it every block of data to the very end of a custom archive."""
    archive, toc = _read(reader)
    if archive.kind != CUSTOM:
        raise Damaged(_("It is a part of another archive."))
    BlockReader(reader, archive.int_size).read()
    return toc


class BlockReader:
    """The data behind a custom archive's table of contents (pg_backup_custom.c).

    pg_restore is content with a file that goes on behind its end; this is not.
    """

    def __init__(self, inner: Readable, int_size: int) -> None:
        self._inner = inner
        self._int_size = int_size

    def read(self) -> None:
        while kind := self._inner.read(1):
            if kind not in (DATA, BLOBS):
                raise Damaged(_("Something stands behind the end of the archive's data."))
            self._number()
            if kind == DATA:
                self._chunks()
                continue
            while self._number():
                self._chunks()

    def _chunks(self) -> None:
        while size := self._number():
            self._skip(size)

    def _number(self) -> int:
        sign, found = self._exactly(1)[0], int.from_bytes(self._exactly(self._int_size), "little")
        if sign or found >> 40:
            raise Damaged(_("A block of the archive has no possible length."))
        return found

    def _exactly(self, size: int) -> bytes:
        found = b""
        while len(found) < size:
            piece = self._inner.read(size - len(found))
            if not piece:
                raise CutShort(_("The archive is cut: its data does not end."))
            found += piece
        return found

    def _skip(self, size: int) -> None:
        while size:
            piece = self._inner.read(min(size, BLOCK_BYTES))
            if not piece:
                raise CutShort(_("The archive is cut: its data does not end."))
            size -= len(piece)


def _read(reader: Readable) -> tuple["_Archive", Toc]:
    archive = _Archive(reader)
    compression = archive.compression()
    for _part in range(7):  # when it was made
        archive.number()
    database, server, tool = (archive.text() or "" for _text in range(3))
    items = archive.number()
    if not 0 <= items <= MOST_ITEMS:
        raise Damaged(_("The table of contents claims %d items.") % items)
    toc = Toc(
        archive.kind, archive.minor, compression, database[:200], server[:60], tool[:60], items
    )
    for item in _items(archive, items):
        _enter(toc, item)
    return archive, toc


def _items(archive: _Archive, count: int) -> Iterator[_Item]:
    for _each in range(count):
        number = archive.number()
        archive.number()  # whether it had a dumper
        for _oid in range(2):
            archive.text()
        tag, kind = archive.text() or "", archive.text() or ""
        archive.number()  # its section
        for _definition in range(3):
            archive.text()
        schema = archive.text() or ""
        archive.text()  # tablespace
        if archive.minor >= 14:
            archive.text()  # table access method
        if archive.minor >= 16:
            archive.number()  # kind of relation
        for _owner in range(2):
            archive.text()
        while archive.text() is not None:  # what it depends on
            pass
        file_name = ""
        if archive.kind == CUSTOM:
            archive.offset()
        else:
            file_name = archive.text() or ""
        yield _Item(number, tag, kind, schema, file_name)


def _enter(toc: Toc, item: _Item) -> None:
    if item.file_name and not FILE_NAME.fullmatch(PACKED.sub("", item.file_name)):
        # pg_restore would read it, wherever on this machine it lies.
        raise Hostile(
            _("Its item %(number)d wants the file %(name)s.")
            % {"number": item.number, "name": repr(item.file_name[:100])}
        )
    if item.file_name:
        toc.files[item.file_name] = item.kind
    if item.number <= 0:
        raise Damaged(_("The table of contents has an item numbered %d.") % item.number)
    toc.counts[item.kind[:40]] += 1
    if item.kind == "TABLE DATA" and len(toc.tables) < MOST_NAMED:
        toc.tables.append(item.name)
    if item.kind == "EXTENSION" and len(toc.extensions) < MOST_NAMED:
        toc.extensions.append(item.tag)
    if item.kind == "SCHEMA" and item.tag == "public":
        return  # every new database has one
    is_comment = item.kind == "COMMENT" and item.tag.startswith(
        ("EXTENSION ", "EVENT TRIGGER ", "PUBLICATION ", "SUBSCRIPTION ", "DATABASE ")
    )
    if item.kind in LEFT_OUT or is_comment:
        if not is_comment and not item.kind.startswith("DATABASE"):
            toc.left_out.append(f"{item.kind.lower()} {item.name}"[:200])
        return
    toc.wanted.append(item.number)
