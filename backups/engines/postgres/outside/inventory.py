"""What an archive from elsewhere holds, counted and named, and which of it is wanted."""

from collections import Counter
from dataclasses import dataclass, field, replace

from django.utils.translation import gettext as _

from backups.engines.postgres.toc import Entry, Head, Raw
from backups.engines.postgres.toc_reader import TocReader, entries_of, printable
from backups.errors import NotChoosable
from backups.pipeline import Readable

MOST_NAMED = 10_000
# Choosing holds all entries in memory, and a stranger says how many there are.
MOST_CHOSEN_FROM = 200_000
_NOTHING = Raw(b"", b"", b"")
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
    # Without their texts, and only when something is to be chosen of them.
    entries: list[Entry] | None = None
    _needs: int = 0

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
        if self.entries is not None:
            self._needs += len(entry.needs)
            if len(self.entries) >= MOST_CHOSEN_FROM or self._needs > 10 * MOST_CHOSEN_FROM:
                raise NotChoosable(_("It has too many items to choose of: restore all of it."))
            self.entries.append(replace(entry, text=None, raw=_NOTHING))
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
        elif is_comment or entry.kind.startswith("DATABASE"):
            return
        elif len(self.left_out) < MOST_NAMED:
            self.left_out.append(printable(f"{entry.kind.lower()} {entry.full_name}"[:200]))


def take_inventory(reader: Readable, *, to_choose: bool = False) -> Inventory:
    """Raises CutShort, Damaged, Hostile or Unrecognized; to choose of it, NotChoosable."""
    toc = TocReader()
    inventory = Inventory(toc, entries=[] if to_choose else None)
    for entry in entries_of(reader, toc):
        inventory.enter(entry)
    return inventory
