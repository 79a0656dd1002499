"""How far pg_restore is: the items of the archive's table of contents, as --verbose names them."""

import re
import threading
import time
from typing import Any

import psycopg

from backups.engines.postgres.connection import Server
from backups.errors import BackupError
from monitoring.files.journal import Journal
from monitoring.files.models import LogLine

_BEGUN = re.compile(
    r'pg_restore: (?:creating (?P<made>.+)|processing data for table (?P<table>".*")'
    r"|executing (?P<done>.+)|processing (?P<objects>BLOBS))$"
)
LOOK_SECONDS = 1.0
SAY_SECONDS = 10.0
INDEXES_SINCE = 120000
# A session that waits for its client, or for somebody's lock, is at work on nothing.
_ACTIVE = """
    SELECT count(*) FROM pg_stat_activity WHERE application_name = %s AND state = 'active'
    AND wait_event_type IS DISTINCT FROM 'Lock' AND wait_event_type IS DISTINCT FROM 'Client'
"""
# PostgreSQL manual, "CREATE INDEX Progress Reporting".
_INDEXES = """
    SELECT p.index_relid::regclass::text, p.phase,
           coalesce(100 * p.blocks_done / nullif(p.blocks_total, 0),
                    100 * p.tuples_done / nullif(p.tuples_total, 0), 0)
    FROM pg_stat_progress_create_index p JOIN pg_stat_activity a USING (pid)
    WHERE a.application_name = %s
"""


class Items:
    """Each item begun is a step of the journal; `total` is None while it is not known."""

    def __init__(self, journal: Journal) -> None:
        self.total: int | None = None
        self.begun = 0
        # What is done of the indexes that are being built, each from 0 to 1.
        self.inside = 0.0
        self._journal = journal
        self._lock = threading.Lock()

    def hear(self, line: str) -> bool:
        """Take a line of pg_restore's; whether it begins an item."""
        match = _BEGUN.match(line)
        if match is None:
            return False
        with self._lock:
            self.begun += 1
            self.inside = 0.0
            begun = self.begun
        name = match["made"] or match["done"] or match["objects"] or f"TABLE DATA {match['table']}"
        of_all = f" ({begun}/{max(self.total, begun)})" if self.total else ""
        self._journal.begin_step(f"{name}{of_all}")
        return True

    def say(self, line: str) -> None:
        """The same, and the line into the journal's log."""
        begins = self.hear(line)
        if line:
            is_usual = begins or line.startswith("pg_restore: proc")
            level = LogLine.Level.DEBUG if is_usual else LogLine.Level.INFO
            source = "psql" if line.startswith("psql:") else "pg_restore"
            self._journal.say(line, level=level, source=source)

    def share(self) -> float | None:
        """What is done of them, from 0 to 1; of the last one begun only what an index has of it."""
        if not self.total:
            return None
        inside = min(0.99, self.inside) if self.begun else 0.0
        return min(1.0, (max(0, self.begun - 1) + inside) / self.total)


class Activity:
    """Whether a run's work goes on while nothing is heard of it: asked of the server, now and then.

    So an index that takes hours to build is told from a run that hangs.
    """

    def __init__(self, server: Server, application: str, items: Items, journal: Journal) -> None:
        self._server = server
        self._application = application
        self._items = items
        self._journal = journal
        self._session: psycopg.Connection[Any] | None = None
        self._seen = -1
        self._next_look = 0.0
        self._next_word = 0.0

    def is_working(self) -> bool:
        now = time.monotonic()
        if self._items.begun != self._seen:
            self._seen = self._items.begun
            self._next_look = now + LOOK_SECONDS
            self._next_word = now + SAY_SECONDS
            return True
        if now < self._next_look:
            return False
        self._next_look = now + LOOK_SECONDS
        try:
            return self._ask(now)
        except (psycopg.Error, BackupError):
            # Who cannot ask does not know; the run itself goes on.
            self.close()
            return False

    def close(self) -> None:
        session, self._session = self._session, None
        if session is not None:
            session.close()

    def _ask(self, now: float) -> bool:
        if self._session is None:
            self._session = self._server.connect(application="holdfast:progress")
        row = self._session.execute(_ACTIVE, [self._application]).fetchone()
        if self._session.info.server_version >= INDEXES_SINCE:
            self._see_indexes(self._session, is_told=now >= self._next_word)
        return row is not None and int(str(row[0])) > 0

    def _see_indexes(self, session: psycopg.Connection[Any], *, is_told: bool) -> None:
        found = session.execute(_INDEXES, [self._application]).fetchall()
        self._items.inside = sum(float(percent) for _name, _phase, percent in found) / 100
        if not is_told:
            return
        self._next_word = time.monotonic() + SAY_SECONDS
        for name, phase, percent in found:
            self._journal.say(f"{name}: {phase}, {percent} %", source="holdfast")
