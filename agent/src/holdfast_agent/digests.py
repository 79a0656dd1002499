"""The sha256 of a file that is sent in several goes, each byte read once where that can be."""

from __future__ import annotations

import hashlib
import threading
from collections import OrderedDict
from typing import Any, BinaryIO, Generic, TypeVar

BLOCK = 1 << 20
FIRST_SPACING = 8 << 20
MOST_MARKS = 64
MOST_KEPT = 64
Key = TypeVar("Key")
Value = TypeVar("Value")


class RunningDigest:
    """A digest that can go back a little: to a mark at or before where the server stands."""

    def __init__(self) -> None:
        self.position = 0
        self._digest = hashlib.sha256()
        self._marks: list[tuple[int, Any]] = [(0, self._digest.copy())]
        self._spacing = FIRST_SPACING

    def update(self, block: bytes) -> None:
        self._digest.update(block)
        self.position += len(block)
        if self.position - self._marks[-1][0] >= self._spacing:
            self._mark()

    def stand_at(self, offset: int, file: BinaryIO) -> None:
        """Be at this offset of the file, and the file too; what is between is read.

        Raises EOFError when the file is shorter.
        """
        if self.position > offset:
            while self._marks[-1][0] > offset:
                self._marks.pop()
            position, digest = self._marks[-1]
            self.position, self._digest = position, digest.copy()
        file.seek(self.position)
        while self.position < offset:
            block = file.read(min(BLOCK, offset - self.position))
            if not block:
                raise EOFError
            self.update(block)

    def hexdigest(self) -> str:
        return self._digest.hexdigest()

    def _mark(self) -> None:
        if len(self._marks) >= MOST_MARKS:
            # Thinned out, so that a file of any size takes the same memory.
            self._marks = self._marks[::2]
            self._spacing *= 2
        self._marks.append((self.position, self._digest.copy()))


class Shelf(Generic[Key, Value]):
    """The latest few of something, for threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._kept: OrderedDict[Key, Value] = OrderedDict()

    def get(self, key: Key) -> Value | None:
        with self._lock:
            return self._kept.get(key)

    def put(self, key: Key, value: Value) -> None:
        with self._lock:
            self._kept[key] = value
            self._kept.move_to_end(key)
            while len(self._kept) > MOST_KEPT:
                self._kept.popitem(last=False)
