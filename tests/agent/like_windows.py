"""The agent's command line under what Windows lacks and forbids: `python like_windows.py upload …`.

No fork, no modules and constants of POSIX, no signals but its own; files that are open can be
neither replaced nor deleted; locks are msvcrt's. It stands in for a machine that is not at hand,
and shows that nothing of POSIX is used, not that Windows does as it is said to.
"""

import fcntl
import os
import signal
import sqlite3
import sys
import types
from pathlib import Path
from typing import Any

import requests

# What the agent uses is loaded first: these would else take this for Windows themselves.
LOADED = (requests, sqlite3)
FILES = "fork forkpty geteuid getuid getgid chown fchmod O_NOFOLLOW O_CLOEXEC O_DIRECTORY killpg"
SIGNALS = "SIGKILL SIGHUP SIGQUIT SIGUSR1 SIGCHLD SIGALRM alarm pthread_kill"
MISSING: dict[Any, str] = {os: FILES + " O_NONBLOCK setsid mkfifo", signal: SIGNALS}
BLOCKED = ("fcntl", "pwd", "grp", "resource", "termios", "multiprocessing", "readline", "syslog")


def locking(number: int, _mode: int, _bytes: int) -> None:
    fcntl.flock(number, fcntl.LOCK_EX | fcntl.LOCK_NB)


def is_open(path: Any) -> bool:
    wanted = os.path.realpath(path)
    return any(os.path.realpath(one) == wanted for one in Path("/proc/self/fd").iterdir())


def forbidding(function: Any) -> Any:
    def call(*given: Any, **more: Any) -> Any:
        for path in given[:2]:
            if isinstance(path, (str, os.PathLike)) and is_open(path):
                raise PermissionError(13, "It is used by another process", os.fspath(path))
        return function(*given, **more)

    return call


def become_windows() -> None:
    msvcrt: Any = types.ModuleType("msvcrt")
    msvcrt.LK_NBLCK, msvcrt.locking = 2, locking
    sys.modules["msvcrt"] = msvcrt
    for name in BLOCKED:
        sys.modules[name] = None  # type: ignore[assignment]  # as `import` documents it
    for name in ("unlink", "remove", "rename", "replace"):
        setattr(os, name, forbidding(getattr(os, name)))
    for module, names in MISSING.items():
        for name in names.split():
            if hasattr(module, name):
                delattr(module, name)
    sys.platform = "win32"


if __name__ == "__main__":
    become_windows()
    from holdfast_agent.cli import main

    status = main()
    # Nothing may be left open that was to be deleted, and no module of POSIX came after all.
    assert not [name for name in BLOCKED if sys.modules.get(name)]
    sys.exit(status)
