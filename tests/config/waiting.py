"""Wait for something to become true, with a deadline."""

import time
from collections.abc import Callable


def wait_for(condition: Callable[[], bool], *, seconds: float, what: str) -> float:
    """Poll until it holds; the seconds that took. Fails the test after the deadline."""
    started = time.monotonic()
    while not condition():
        if time.monotonic() - started > seconds:
            raise AssertionError(f"Not within {seconds} s: {what}")
        time.sleep(0.05)
    return time.monotonic() - started
