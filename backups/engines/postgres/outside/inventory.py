"""What an archive from elsewhere holds, counted and named, and which of it is wanted."""

from collections import Counter
from dataclasses import dataclass, field

from backups.engines.postgres.toc import Entry, Head
from backups.engines.postgres.toc_reader import TocReader, entries_of, printable
from backups.pipeline import Readable

MOST_NAMED = 10_000
# What a role without rights cannot make, or what is a server's and not a database's.
LEFT_OUT = frozenset(
    {
        *("EVENT TRIGGER", "PUBLICATION", "PUBLICATION TABLE", "PUBLICATION TABLES IN SCHEMA"),
        *("SUBSCRIPTION", "SUBSCRIPTION TABLE", "SECURITY LABEL"),
        *("DATABASE", "DATABASE PROPERTIES"),
    }
)
_COMMENTED = ("EXTENSION ", "EVENT TRIGGER ", "PUBLICATION ", "SUBSCRIPTION ", "DATABASE ")


@dataclass
class Inventory:
    """`wanted` are the numbers of the entries to restore; `files` the kind of the entry that each
    file of a directory archive belongs to."""

    _toc: TocReader
    counts: Counter[str] = field(default_factory=Counter)
    tables: list[str] = field(default_factory=list)
    extensions: list[str] = field(default_factory=list)
    left_out: list[str] = field(default_factory=list)
    wanted: list[int] = field(default_factory=list)
    files: dict[str, str] = field(default_factory=dict)

    @property
    def head(self) -> Head:
        assert self._toc.head is not None
        return self._toc.head

    @property
    def rest(self) -> bytes:
        """What was read behind the table of contents."""
        return self._toc.rest

    @property
    def is_all_wanted(self) -> bool:
        return len(self.wanted) == self.head.items

    def enter(self, entry: Entry) -> None:
        if entry.file_name:
            self.files[entry.file_name] = entry.kind
        self.counts[printable(entry.kind[:40])] += 1
        if entry.kind == "TABLE DATA" and len(self.tables) < MOST_NAMED:
            self.tables.append(printable(entry.full_name))
        if entry.kind == "EXTENSION" and len(self.extensions) < MOST_NAMED:
            self.extensions.append(printable(entry.name))
        if entry.kind == "SCHEMA" and entry.name == "public":
            return  # every new database has one
        is_comment = entry.kind == "COMMENT" and entry.name.startswith(_COMMENTED)
        if entry.kind not in LEFT_OUT and not is_comment:
            self.wanted.append(entry.number)
        elif not is_comment and not entry.kind.startswith("DATABASE"):
            self.left_out.append(printable(f"{entry.kind.lower()} {entry.full_name}"[:200]))


def take_inventory(reader: Readable) -> Inventory:
    """Raises CutShort, Damaged, Hostile or Unrecognized."""
    toc = TocReader()
    inventory = Inventory(toc)
    for entry in entries_of(reader, toc):
        inventory.enter(entry)
    return inventory
