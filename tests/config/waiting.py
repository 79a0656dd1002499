"""Wait for something to become true, with a deadline."""

import asyncio
import os
import time
from collections.abc import Callable
from pathlib import Path


def wait_for(condition: Callable[[], bool], *, seconds: float, what: str) -> float:
    """Poll until it holds; the seconds that took. Fails the test after the deadline, which a busy
    machine puts off."""
    started = time.monotonic()
    while not condition():
        if time.monotonic() - started > seconds * busyness():
            raise AssertionError(f"Not within {seconds} s: {what}")
        time.sleep(0.05)
    return time.monotonic() - started


def within(seconds: float) -> asyncio.Timeout:
    """For `async with`: a deadline that a busy machine puts off as `wait_for` does."""
    return asyncio.timeout(seconds * busyness())


def busyness() -> float:
    """How many times longer something may take here than on a machine with nothing else to do, and
    a host with nothing else to run."""
    processors = os.cpu_count() or 1
    given = 1 - (_stolen() - _STOLEN) / processors / (time.monotonic() - _BEGAN)
    return max(1.0, os.getloadavg()[0] / processors) / max(given, 0.2)


def _stolen() -> float:
    """Seconds of all processors in which the host ran something else; 0 where nobody tells."""
    try:
        fields = Path("/proc/stat").read_text().split()
    except OSError:
        return 0.0
    return int(fields[8]) / os.sysconf("SC_CLK_TCK")


_BEGAN, _STOLEN = time.monotonic() - 1, _stolen()
