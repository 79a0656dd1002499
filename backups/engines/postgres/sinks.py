"""What takes the bytes of an archive or a script on their way into a database."""

from abc import ABC, abstractmethod
from typing import Protocol

from backups.engines.postgres.selection import Choice


class Sink(Protocol):
    """`finish` waits until all of it is in the database. Both raise BackupError."""

    def write(self, data: bytes | bytearray, /) -> int: ...

    def finish(self) -> None: ...


class Bringing(ABC):
    """A sink, and what a restoration is told of it: `choice` once the archive's table of contents
    was chosen from, `counted` rows by table where no fingerprint says what should be there."""

    def __init__(self) -> None:
        self.choice: Choice | None = None
        self.made_roles: list[str] = []
        self.counted: dict[str, int | None] = {}

    @abstractmethod
    def write(self, data: bytes, /) -> int: ...

    @abstractmethod
    def finish(self) -> None: ...

    def settle(self) -> None:
        """What remains to be done when all was compared. Raises BackupError."""
        return

    def share(self) -> float | None:
        """What is done of it, from 0 to 1, where that is known."""
        return None
