"""Where the agent keeps what must outlive it: the queue, the token, what is packed to be sent."""

from __future__ import annotations

import os
import sys
from pathlib import Path

VARIABLE = "HOLDFAST_AGENT_STATE_DIR"


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
    number = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(number, "wb") as file:
        file.write(body)
        file.flush()
        os.fsync(file.fileno())
    beside.replace(path)
