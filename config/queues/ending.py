"""Ends a cluster: asked first, for a bounded time, then everything below this process by signal 9.

SIGTERM alone can deadlock django-q; and its stop waits for work that takes hours.
"""

import ctypes
import os
import threading
import time
from typing import Any

import psutil

PR_SET_CHILD_SUBREAPER = 36
STOP_SECONDS = 4.0
KILL_SECONDS = 2.0
_libc = ctypes.CDLL(None, use_errno=True)


def ask_to_stop(cluster: Any, *, seconds: float = STOP_SECONDS) -> bool:
    """Let idle workers end by themselves; whether all of them did in time."""
    # Setting the event waits for the sentinel to notice, for ever when that is stopped.
    threading.Thread(target=cluster.stop_event.set, daemon=True).start()
    cluster.sentinel.join(seconds)
    return not cluster.sentinel.is_alive()


def end_descendants(*, seconds: float = KILL_SECONDS) -> bool:
    """Kill every process below this one, whatever session it leads; whether all are gone."""
    # Those whose parent is killed before them become our children, not init's.
    _libc.prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    deadline = time.monotonic() + seconds
    while below := psutil.Process().children(recursive=True):
        for process in below:
            try:
                process.kill()
            except psutil.NoSuchProcess:
                pass
        _reap()
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True


def _reap() -> None:
    try:
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass
    except ChildProcessError:
        pass
