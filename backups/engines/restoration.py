"""What a restore asks of an engine and is told by it: options, findings, names, the run itself."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol


@dataclass(frozen=True)
class Difference:
    """What a restored copy lacks or has otherwise. `kind` is table, sequence, function, …"""

    kind: str
    name: str
    said: str


@dataclass(frozen=True)
class RestoreOptions:
    """How an archive is brought into a database of the user's. Plain JSON, as a restore keeps it.

    Names are `table` or `schema.table`, `*` for anything; nothing of them is everything.
    """

    keep_owners: bool = True
    """Owners and grants as at the source; else all belongs to who restores."""
    role: str = ""
    """Without `keep_owners`: to whom all belongs instead."""
    no_privileges: bool = False
    missing_roles: str = "refuse"
    """Or `create`: without login."""
    role_map: Mapping[str, str] = field(default_factory=dict)
    """Roles of the server in place of those of the archive."""
    with_globals: bool = False
    schemas: Sequence[str] = ()
    tables: Sequence[str] = ()
    schema_only: bool = False
    jobs: int = 1
    analyze: bool = True

    @property
    def keeps_grants(self) -> bool:
        return self.keep_owners and not self.no_privileges

    @property
    def is_part(self) -> bool:
        return bool(self.schemas or self.tables or self.schema_only)


@dataclass(frozen=True)
class PreflightCheck:
    """What was looked at before anything is touched. `level` is ok, warning or blocking."""

    code: str
    level: str
    message: str
    detail: str = ""


@dataclass(frozen=True)
class Pair:
    """The server's own ids of two databases: they stay the same through every rename."""

    comes: int
    goes: int | None
    """What has the name until then; None for a new name."""


@dataclass(frozen=True)
class Swap:
    """Two databases change names in one transaction, or nothing does.

    `goes` is called `name` and becomes `kept`; `comes` is called `comes_from` and becomes `name`.
    """

    name: str
    goes: int
    kept: str
    comes: int
    comes_from: str
    note: str
    """Stands beside the kept one as its comment; by it, it is known again."""
    carry: bool
    """Whether `comes` gets what belongs to `goes`: owner, grants, limits, settings. The comment
    goes along in any case."""


class Restoration(Protocol):
    """A fresh database beside all others, under a name of its own until it is published."""

    @property
    def compared(self) -> tuple[int, int]:
        """How many tables and rows were compared; nothing before `compare`."""

    @property
    def made_roles(self) -> list[str]:
        """Roles that were made for it on the server, and stay there."""

    def share(self) -> float | None:
        """How far the archive is brought in, from 0 to 1, besides its bytes; None: not known."""

    def write(self, data: bytes, /) -> int: ...

    def finish(self) -> None:
        """The archive has ended. Raises RestoreFailed, naming what is wrong."""

    def compare(self, *, on_table: Callable[[str], None]) -> list[Difference]:
        """Every difference from the fingerprint in the manifest; none where there is none."""

    def settle(self) -> None:
        """What remains to be done before it gets its name."""

    @property
    def counted(self) -> dict[str, int | None]:
        """Rows by table of what came from elsewhere: nothing says what they should be."""

    def identify(self) -> Pair:
        """Who is to change names. Raises TargetMissing."""

    def publish(self, *, kept: str, note: str) -> None:
        """Give it its final name, at once; what has it is called `kept` from then on.

        Raises Unsettled when nobody knows whether that was done. Raises SessionsStay,
        TargetExists, TargetChanged or another BackupError; then all is as before.
        """
