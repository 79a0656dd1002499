"""The queue on disk: one row a task. It outlives the process, however that ends."""

from __future__ import annotations

import json
import secrets
import sqlite3
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from holdfast_agent.files import Identity
from holdfast_agent.locks import ProcessLock, is_held
from holdfast_agent.places import private_folder

QUEUED, UPLOADING, FINALIZING = "queued", "uploading", "finalizing"
COMPLETED, FAILED = "completed", "failed"
WAITING, ACTIVE = (QUEUED, FINALIZING), (UPLOADING,)
# A clock that was set back must not keep a task waiting for longer than any wait there is.
LONGEST_WAIT = 3600
KEPT_DAYS = 90
_TABLE = """
CREATE TABLE IF NOT EXISTS tasks (
    id TEXT PRIMARY KEY, path TEXT NOT NULL, size INTEGER, mtime_ns INTEGER, inode INTEGER,
    options TEXT NOT NULL, status TEXT NOT NULL, owner TEXT, next_at REAL NOT NULL DEFAULT 0,
    progress REAL NOT NULL DEFAULT 0, retry_count INTEGER NOT NULL DEFAULT 0,
    failures INTEGER NOT NULL DEFAULT 0, session TEXT, sha256 TEXT, sent_size INTEGER,
    server_file_id TEXT, error TEXT, created_at REAL NOT NULL, ended_at REAL);
CREATE INDEX IF NOT EXISTS tasks_status ON tasks (status, next_at, created_at);
CREATE INDEX IF NOT EXISTS tasks_path ON tasks (path);
"""
_COLUMNS = frozenset(
    name.split()[0]
    for name in _TABLE.partition("(")[2].partition(");")[0].replace("\n", " ").split(",")
) - {"id", "created_at"}


@dataclass
class Task:
    """`options`: metadata, kind, job_id, session_id, connection_info, delete.

    `failures` are those in a row without any progress, `retry_count` all of them.
    """

    id: str
    path: Path
    identity: Identity
    status: str
    options: dict[str, Any] = field(default_factory=dict)
    progress: float = 0.0
    retry_count: int = 0
    failures: int = 0
    session: str | None = None
    sha256: str | None = None
    sent_size: int | None = None
    server_file_id: str | None = None
    error: str | None = None
    ended_at: float | None = None

    def shown(self) -> dict[str, Any]:
        names = ("status", "progress", "retry_count", "server_file_id", "error")
        return {name: getattr(self, name) for name in names}


class Queue:
    """May be used by threads, and by several processes at once."""

    def __init__(self, folder: Path) -> None:
        self.folder = private_folder(folder)
        self.owner = secrets.token_hex(8)
        self._lock = threading.RLock()
        self._alive = ProcessLock(self._owner_path(self.owner))
        self._alive.hold()
        self._base = sqlite3.connect(
            str(folder / "queue.sqlite3"), timeout=30, check_same_thread=False, isolation_level=None
        )
        self._base.row_factory = sqlite3.Row
        self._base.execute("PRAGMA journal_mode=WAL")
        self._base.execute("PRAGMA synchronous=FULL")
        self._base.executescript(_TABLE)
        self.take_back()

    def close(self) -> None:
        with self._lock:
            self._base.execute(
                "UPDATE tasks SET status = ?, owner = NULL WHERE owner = ?", (QUEUED, self.owner)
            )
            self._base.close()
        self._alive.release()

    def add(
        self,
        stem: str,
        path: Path,
        identity: Identity,
        options: dict[str, Any],
        *,
        after: float = 0,
    ) -> str:
        """The id of the task; a file that waits already, unchanged, keeps its own.

        `after` is in seconds from now.
        """
        now = time.time()
        with self._write():
            row = self._base.execute(
                "SELECT id FROM tasks WHERE path = ? AND size = ? AND mtime_ns = ?"
                " AND status NOT IN (?, ?)",
                (str(path), identity.size, identity.mtime_ns, COMPLETED, FAILED),
            ).fetchone()
            if row is not None:
                return str(row["id"])
            task_id = self._free_id(f"upload_{int(now)}_{stem}")
            self._base.execute(
                "INSERT INTO tasks (id, path, size, mtime_ns, inode, options, status, created_at,"
                " next_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
                (
                    *(task_id, str(path), identity.size, identity.mtime_ns, identity.inode),
                    *(json.dumps(options), QUEUED, now, now + after if after else 0),
                ),
            )
        return task_id

    def claim(self) -> Task | None:
        """The oldest that is due; it is ours until `change` gives it back."""
        now = time.time()
        with self._write():
            row = self._base.execute(
                "SELECT id FROM tasks WHERE status IN (?, ?) AND owner IS NULL"
                " AND (next_at <= ? OR next_at > ?) ORDER BY created_at, rowid LIMIT 1",
                (*WAITING, now, now + LONGEST_WAIT),
            ).fetchone()
            if row is None:
                return None
            self._base.execute(
                "UPDATE tasks SET status = ?, owner = ? WHERE id = ?",
                (UPLOADING, self.owner, row["id"]),
            )
        return self.find(row["id"])

    def change(self, task: Task, *, wait: float | None = None, **values: Any) -> None:
        """Writes the values to the row and to `task`. With `wait` it is given back, in seconds."""
        for name, value in values.items():
            setattr(task, name, value)
        row = dict(values)
        if "identity" in row:
            found = row.pop("identity")
            row.update(size=found.size, mtime_ns=found.mtime_ns, inode=found.inode)
        if "options" in row:
            row["options"] = json.dumps(row["options"])
        if wait is not None:
            row.update(owner=None, next_at=time.time() + wait)
        if row.get("status") in (COMPLETED, FAILED):
            row.update(owner=None, ended_at=time.time())
        assert set(row) <= _COLUMNS
        names = ", ".join(f"{name} = ?" for name in row)
        with self._write():
            self._base.execute(
                f"UPDATE tasks SET {names} WHERE id = ?",  # noqa: S608  # names of the list above
                (*row.values(), task.id),
            )

    def find(self, task_id: str) -> Task | None:
        with self._lock:
            row = self._base.execute("SELECT * FROM tasks WHERE id = ?", (task_id,)).fetchone()
        return None if row is None else _task(row)

    def latest_of(self, path: Path) -> Task | None:
        with self._lock:
            row = self._base.execute(
                "SELECT * FROM tasks WHERE path = ? ORDER BY created_at DESC, rowid DESC LIMIT 1",
                (str(path),),
            ).fetchone()
        return None if row is None else _task(row)

    def all(self, limit: int = 1000) -> list[Task]:
        with self._lock:
            rows = self._base.execute(
                "SELECT * FROM tasks ORDER BY created_at DESC, rowid DESC LIMIT ?", (limit,)
            ).fetchall()
        return [_task(row) for row in rows]

    def counts(self) -> dict[str, int]:
        with self._lock:
            rows = self._base.execute("SELECT status, count(*) FROM tasks GROUP BY status")
            found = {str(status): int(count) for status, count in rows}
        return {
            "queue_size": sum(found.get(status, 0) for status in WAITING),
            "active_uploads": sum(found.get(status, 0) for status in ACTIVE),
            "completed_uploads": found.get(COMPLETED, 0),
            "failed_uploads": found.get(FAILED, 0),
        }

    def take_back(self) -> int:
        """Queue again what processes held that are gone. Forget what is long over."""
        with self._lock:
            rows = self._base.execute("SELECT DISTINCT owner FROM tasks WHERE owner IS NOT NULL")
            owners = [str(row["owner"]) for row in rows]
        gone = [one for one in owners if one != self.owner and not is_held(self._owner_path(one))]
        with self._write():
            for owner in gone:
                self._base.execute(
                    "UPDATE tasks SET status = ?, owner = NULL, next_at = 0 WHERE owner = ?",
                    (QUEUED, owner),
                )
            for task in self._long_over():
                if not task.path.exists():
                    self._base.execute("DELETE FROM tasks WHERE id = ?", (task.id,))
        return len(gone)

    def _long_over(self) -> list[Task]:
        rows = self._base.execute(
            "SELECT * FROM tasks WHERE ended_at < ? LIMIT 1000", (time.time() - KEPT_DAYS * 86400,)
        )
        return [_task(row) for row in rows]

    def _free_id(self, wanted: str) -> str:
        found, number = wanted, 1
        while self.find(found) is not None:
            number += 1
            found = f"{wanted}_{number}"
        return found

    def _owner_path(self, owner: str) -> Path:
        return self.folder / f"process-{owner}.lock"

    def _write(self) -> _Write:
        return _Write(self._base, self._lock)


class _Write:
    """A transaction that waits for its turn among threads and processes."""

    def __init__(self, base: sqlite3.Connection, lock: Any) -> None:
        self._base, self._lock = base, lock

    def __enter__(self) -> None:
        self._lock.acquire()
        try:
            self._base.execute("BEGIN IMMEDIATE")
        except BaseException:
            self._lock.release()
            raise

    def __exit__(self, kind: Any, *_rest: Any) -> None:
        try:
            self._base.execute("COMMIT" if kind is None else "ROLLBACK")
        finally:
            self._lock.release()


def _task(row: sqlite3.Row) -> Task:
    names = ("progress", "retry_count", "failures", "session", "sha256", "sent_size")
    more = ("server_file_id", "error", "ended_at")
    identity = Identity(row["size"], row["mtime_ns"], row["inode"])
    return Task(
        row["id"],
        Path(row["path"]),
        identity,
        row["status"],
        json.loads(row["options"]),
        **{name: row[name] for name in (*names, *more)},
    )
