"""The fingerprint taken beside a dump: in a thread, on the session that holds the snapshot."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import psycopg

from backups.engines.postgres.fingerprints.sequences import Positions
from backups.engines.postgres.fingerprints.snapshot import Snapshot
from backups.engines.postgres.fingerprints.tables import By
from backups.engines.postgres.fingerprints.taking import take_fingerprint

WAIT_SECONDS = 0.5
CANCEL_SECONDS = 2.0


class FingerprintBeside:
    def __init__(
        self, snapshot: Snapshot, *, by: By, parts: frozenset[str], stood: Positions
    ) -> None:
        self._snapshot = snapshot
        self._by = by
        self._parts = parts
        self._stood = stood
        self.seconds = 0.0
        self._found: dict[str, Any] | None = None
        self._failure: Exception | None = None
        self._thread = threading.Thread(target=self._take, name="fingerprint", daemon=True)
        self._thread.start()

    def result(self, *, on_wait: Callable[[], None]) -> dict[str, Any]:
        """Wait for it. `on_wait` is called meanwhile: the server is at work. Raises BackupError."""
        while self._thread.is_alive():
            self._thread.join(WAIT_SECONDS)
            on_wait()
        if self._failure is not None:
            raise self._failure
        assert self._found is not None
        return self._found

    def stop(self) -> None:
        """End the query under way, if there is one."""
        if self._thread.is_alive():
            try:
                self._snapshot.session.cancel_safe(timeout=CANCEL_SECONDS)
            except psycopg.Error:
                pass  # the connection's end will end it too
            self._thread.join(CANCEL_SECONDS)

    def _take(self) -> None:
        began = time.monotonic()
        try:
            self._found = take_fingerprint(
                self._snapshot.session,
                self._snapshot.tables,
                by=self._by,
                parts=self._parts,
                stood=self._stood,
            )
        except Exception as error:  # noqa: BLE001 - raised again by `result`
            self._failure = error
        self.seconds = time.monotonic() - began


@contextmanager
def fingerprint_beside(
    snapshot: Snapshot, *, by: By, parts: frozenset[str], stood: Positions
) -> Iterator[FingerprintBeside]:
    beside = FingerprintBeside(snapshot, by=by, parts=parts, stood=stood)
    try:
        yield beside
    finally:
        beside.stop()
