"""A lock that ends with its process, however that ends: who died holding a task is found by it."""

from __future__ import annotations

import os
import sys
from pathlib import Path

if sys.platform == "win32":
    import msvcrt

    def _take(number: int) -> None:
        msvcrt.locking(number, msvcrt.LK_NBLCK, 1)

else:
    import fcntl

    def _take(number: int) -> None:
        fcntl.flock(number, fcntl.LOCK_EX | fcntl.LOCK_NB)


class ProcessLock:
    """`hold` keeps it until `release`, or until the process is gone."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._number: int | None = None

    def hold(self) -> bool:
        """Whether it is ours now; False when another holds it."""
        number = os.open(self.path, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            _take(number)
        except OSError:
            os.close(number)
            return False
        self._number = number
        return True

    def release(self) -> None:
        if self._number is not None:
            os.close(self._number)
            self._number = None
            # On Windows another may be looking at it just now; an empty file does no harm.
            try:
                self.path.unlink()
            except OSError:
                pass


def is_held(path: Path) -> bool:
    """Whether a living process holds it."""
    if not path.exists():
        return False
    lock = ProcessLock(path)
    if not lock.hold():
        return True
    lock.release()
    return False
