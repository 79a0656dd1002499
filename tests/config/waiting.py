"""Wait for something to become true, with a deadline."""

import os
import time
from collections.abc import Callable


def wait_for(condition: Callable[[], bool], *, seconds: float, what: str) -> float:
    """Poll until it holds; the seconds that took. Fails the test after the deadline, which a busy
    machine puts off."""
    started = time.monotonic()
    while not condition():
        if time.monotonic() - started > seconds * busyness():
            raise AssertionError(f"Not within {seconds} s: {what}")
        time.sleep(0.05)
    return time.monotonic() - started


def busyness() -> float:
    """How many times longer something may take here than on a machine with nothing else to do."""
    return max(1.0, os.getloadavg()[0] / (os.cpu_count() or 1))
