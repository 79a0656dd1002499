"""A meter between a busy loop and the database: at most four writes a second."""

import time
from collections.abc import Callable

from monitoring.files.claims import Claim
from monitoring.files.journal import Journal
from monitoring.files.services import record_progress

MOST_WRITES_A_SECOND = 4


class Meter:
    """Counts bytes of one stage; `add` and `reach` cost nothing between writes.

    Each call is a sign of life: call it for what was read or written, not for time that passed.
    """

    def __init__(
        self, *, claim: Claim, journal: Journal, key: str, bytes_total: int | None
    ) -> None:
        self.claim = claim
        self.journal = journal
        self.key = key
        self.total = bytes_total
        self.done = 0
        self._next_write = 0.0
        # How far the work is besides its bytes, from 0 to 1, where that is known.
        self.share: Callable[[], float | None] = lambda: None

    def add(self, count: int) -> None:
        self.reach(self.done + count)

    def reach(self, done: int) -> None:
        self.done = done
        now = time.monotonic()
        if now >= self._next_write:
            self._next_write = now + 1 / MOST_WRITES_A_SECOND
            self.write()

    def live(self) -> None:
        """A sign of life without more bytes."""
        self.reach(self.done)

    def write(self) -> None:
        record_progress(
            claim=self.claim,
            key=self.key,
            journal=self.journal,
            bytes_done=self.done,
            bytes_total=self.total,
            share=self.share(),
        )
