"""How fast and when: a limit for all senders together, and the hours in which they may send."""

from __future__ import annotations

import re
import threading
import time
from datetime import datetime
from datetime import time as clock_time
from typing import Protocol

from holdfast_agent.errors import NotConfigured

_WINDOW = re.compile(r"\s*(\d{1,2}):(\d{2})\s*-\s*(\d{1,2}):(\d{2})\s*")


class Stop(Protocol):
    """A threading.Event, or what can be looked at like one."""

    def is_set(self) -> bool: ...

    def wait(self, timeout: float) -> bool: ...


class BandwidthLimit:
    """In kilobits (1000 bits) a second; 0 or None is none."""

    def __init__(self, kbps: float | None) -> None:
        self.bytes_per_second = (kbps or 0) * 1000 / 8
        self._lock = threading.Lock()
        self._free_at = 0.0

    def block_size(self, wanted: int) -> int:
        """Small enough that no pause is long."""
        if not self.bytes_per_second:
            return wanted
        return max(1024, min(wanted, int(self.bytes_per_second / 4)))

    def wait(self, count: int, stopped: Stop) -> None:
        """Returns when `count` bytes more may go out, or when it is stopped."""
        if not self.bytes_per_second:
            return
        with self._lock:
            now = time.monotonic()
            self._free_at = max(self._free_at, now) + count / self.bytes_per_second
            pause = self._free_at - now
        stopped.wait(pause)


class UploadWindow:
    """Hours of the day in local time, `22:00-06:00`; an empty text is always."""

    def __init__(self, text: str | None) -> None:
        self.begin = self.end = clock_time(0)
        if not (text or "").strip():
            return
        found = _WINDOW.fullmatch(text or "")
        if found is None:
            raise NotConfigured(f'upload_window is not of the form "22:00-06:00": {text!r}')
        hours = [int(value) for value in found.groups()]
        try:
            self.begin = clock_time(hours[0] % 24 if hours[0] == 24 else hours[0], hours[1])
            self.end = clock_time(hours[2] % 24 if hours[2] == 24 else hours[2], hours[3])
        except ValueError as error:
            raise NotConfigured(f"upload_window names no time of day: {text!r}") from error

    def is_open(self, now: datetime | None = None) -> bool:
        if self.begin == self.end:
            return True
        at = (now or datetime.now().astimezone()).time().replace(tzinfo=None)
        if self.begin < self.end:
            return self.begin <= at < self.end
        return at >= self.begin or at < self.end


class Gate:
    """Whether to stop sending: the agent ends, or its hours are over. Like an Event to look at."""

    def __init__(self, ended: threading.Event, window: UploadWindow) -> None:
        self._ended, self._window = ended, window
        self._looked_at = 0.0
        self._is_open = True

    def is_set(self) -> bool:
        now = time.monotonic()
        if now - self._looked_at > 1:
            self._looked_at, self._is_open = now, self._window.is_open()
        return self._ended.is_set() or not self._is_open

    def wait(self, timeout: float) -> bool:
        return self._ended.wait(timeout) or self.is_set()
