"""Folders in which files appear: each is taken once it has stopped growing."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fnmatch import fnmatch
from pathlib import Path
from typing import Any, Callable

from holdfast_agent.errors import NotConfigured
from holdfast_agent.files import Identity, is_plain
from holdfast_agent.logs import log
from holdfast_agent.queue import COMPLETED, FAILED, Queue
from holdfast_agent.recordings import VIDEOS

FAILED_AGAIN = 3600
MOST_DEPTH = 20


@dataclass(frozen=True)
class WatchedFolder:
    """`patterns` are of names, as a shell has them; `kind` is `recording` or `backup`."""

    path: Path
    patterns: tuple[str, ...] = tuple(f"*{ending}" for ending in VIDEOS)
    kind: str = "recording"
    job_id: str | None = None

    @classmethod
    def read(cls, given: Any) -> WatchedFolder:
        """A path, or an object with `path`, `patterns`, `kind`, `job_id`. Raises NotConfigured."""
        if isinstance(given, (str, os.PathLike)):
            return cls(Path(given).expanduser())
        if not isinstance(given, Mapping) or not given.get("path"):
            raise NotConfigured(f"watch_dirs holds paths, or objects with a path, not {given!r}.")
        kind = given.get("kind") or "recording"
        if kind not in ("recording", "backup"):
            raise NotConfigured(f"kind is recording or backup, not {kind!r}.")
        patterns = given.get("patterns") or (["*"] if kind == "backup" else cls.patterns)
        job_id = given.get("job_id")
        path = Path(given["path"]).expanduser()
        return cls(path, tuple(patterns), kind, None if job_id is None else str(job_id))

    def takes(self, name: str) -> bool:
        return not name.startswith(".") and any(
            fnmatch(name.lower(), one.lower()) for one in self.patterns
        )


@dataclass
class _Seen:
    identity: Identity
    since: float


Take = Callable[[Path, WatchedFolder], Any]


class Watcher:
    """`look` once, or `run` until it is stopped. `settle` and `interval` in seconds."""

    def __init__(
        self,
        folders: list[WatchedFolder],
        queue: Queue,
        take: Take,
        *,
        settle: float = 30,
        interval: float = 10,
    ) -> None:
        self.folders, self.queue, self.take = folders, queue, take
        self.settle, self.interval = settle, interval
        self._seen: dict[Path, _Seen] = {}
        self._began_at = time.time()

    def run(self, ended: threading.Event) -> None:
        while not ended.is_set():
            self.look()
            ended.wait(self.interval)

    def look(self) -> list[Path]:
        """The files that were taken."""
        found: dict[Path, _Seen] = {}
        ready: list[tuple[Path, WatchedFolder]] = []
        now = time.monotonic()
        for folder in self.folders:
            for path, found_stat in files_in(folder.path):
                identity = Identity.of(found_stat)
                if not identity.size or not folder.takes(path.name) or path in found:
                    continue
                before = self._seen.get(path)
                is_same = before is not None and before.identity == identity
                found[path] = before if before and is_same else _Seen(identity, now)
                if is_same and now - found[path].since >= self.settle:
                    ready.append((path, folder))
        self._seen = found
        return [path for path, folder in ready if self._take(path, folder)]

    def _take(self, path: Path, folder: WatchedFolder) -> bool:
        try:
            # The queue knows it by its real place: the folder may be reached by a link or a drive.
            if is_known(
                self.queue, path.resolve(), self._seen[path].identity, since=self._began_at
            ):
                return False
            self.take(path, folder)
        except Exception as error:  # noqa: BLE001  # the others in the folder must go on
            log.warning("%s was not taken: %s", path.name, error)
            return False
        return True


def is_known(queue: Queue, path: Path, identity: Identity, *, since: float = 0) -> bool:
    """Whether it waits, is under way or done; what failed is new again after an hour, or a restart.

    `since` is when this process began, in seconds of the epoch.
    """
    task = queue.latest_of(path)
    if task is None:
        return False
    if task.status not in (COMPLETED, FAILED):
        return True
    if (task.identity.size, task.identity.mtime_ns) != (identity.size, identity.mtime_ns):
        return False
    if task.status == COMPLETED:
        return True
    ended = task.ended_at or 0
    return ended >= since and 0 <= time.time() - ended < FAILED_AGAIN


def files_in(folder: Path, depth: int = 0) -> Iterator[tuple[Path, os.stat_result]]:
    """Plain files below the folder; links are not followed, and what vanishes is left out."""
    try:
        with os.scandir(folder) as found:
            entries = sorted(found, key=lambda entry: entry.name)
    except OSError as error:
        if depth == 0:
            log.warning("Watched folder %s cannot be read: %s", folder, error)
        return
    for entry in entries:
        path = Path(entry.path).absolute()
        try:
            # The entry's own lstat is cached from the folder on Windows: size and time may lag.
            found_stat = os.lstat(path)
        except OSError:
            continue
        if is_plain(found_stat):
            yield path, found_stat
        elif depth < MOST_DEPTH and _is_folder(found_stat):
            yield from files_in(path, depth + 1)


def _is_folder(found: os.stat_result) -> bool:
    attributes: int = getattr(found, "st_file_attributes", 0)
    return (found.st_mode & 0o170000) == 0o040000 and not attributes & 0x400
