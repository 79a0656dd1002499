"""Where the agent keeps what must outlive it: the queue, the token, what is packed to be sent."""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path

VARIABLE = "HOLDFAST_AGENT_STATE_DIR"
PAUSES = (0.05, 0.1, 0.2, 0.4)
_BYTES = getattr(os, "O_BINARY", 0)


def state_folder(configured: str | None = None) -> Path:
    """Named by the environment, by the configuration, or the system's own place."""
    given = os.environ.get(VARIABLE) or configured
    if given:
        return Path(given).expanduser().absolute()
    if sys.platform == "win32":
        return Path(os.environ.get("PROGRAMDATA", r"C:\ProgramData")) / "HoldfastAgent"
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Application Support" / "holdfast-agent"
    if os.geteuid() == 0:
        return Path("/var/lib/holdfast-agent")
    home = os.environ.get("XDG_STATE_HOME") or Path.home() / ".local" / "state"
    return Path(home) / "holdfast-agent"


def private_folder(folder: Path) -> Path:
    """Made for the owner alone; one that is there is left as it is."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    return folder


def write_private(path: Path, body: bytes) -> None:
    """In one step, and readable by the owner alone from the first moment on."""
    private_folder(path.parent)
    beside = path.with_name(f".{path.name}.{os.getpid()}")
    number = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | _BYTES, 0o600)
    try:
        with os.fdopen(number, "wb") as file:
            file.write(body)
            file.flush()
            os.fsync(file.fileno())
        _replace(beside, path)
    except BaseException:
        beside.unlink(missing_ok=True)
        raise


def _replace(beside: Path, path: Path) -> None:
    """On Windows a file that another process has open cannot be replaced just now."""
    tries = iter(PAUSES)
    while True:
        try:
            beside.replace(path)
            return
        except PermissionError:  # noqa: PERF203  # the pause is the point
            pause = next(tries, None)
            if pause is None:
                raise
            time.sleep(pause)
