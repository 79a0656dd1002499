"""What a process of ours has loaded it keeps: the garbage collector need not look through it."""

import atexit
import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def for_good() -> Iterator[None]:
    """Load within. A third of a short command went into looking, most of it at its end."""
    # Nobody needs its memory then; what has to be closed is closed by its owner.
    atexit.register(gc.freeze)
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        if was_on:
            gc.enable()
