"""Who else works on this machine: a measured time counts little while others use its processors."""

import os
import time
from pathlib import Path

TICKS = os.sysconf("SC_CLK_TCK")
BUSY = 0.05
"""Share of all processors that others may use for a machine to be called quiet."""


def busy_seconds() -> float:
    """Processor seconds that everything on this machine has used since its start."""
    words = Path("/proc/stat").read_text().splitlines()[0].split()[1:9]
    user, nice, system, _idle, _wait, interrupts, soft, stolen = map(int, words)
    return (user + nice + system + interrupts + soft + stolen) / TICKS


def server_seconds(pid: int) -> float:
    """Processor seconds of a PostgreSQL server with all of its ended processes."""
    # The name may hold blanks, so count from its closing bracket (proc_pid_stat(5)).
    words = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return sum(map(int, words[11:15])) / TICKS


def wait_for_children(pid: int, known: set[str]) -> None:
    """Wait until a server has reaped what is not ``known``: only then its seconds are told."""
    deadline = time.monotonic() + 5
    while children(pid) - known and time.monotonic() < deadline:
        time.sleep(0.01)


def children(pid: int) -> set[str]:
    """Process ids; none on a kernel that does not tell (CONFIG_PROC_CHILDREN)."""
    path = Path(f"/proc/{pid}/task/{pid}/children")
    return set(path.read_text().split()) if path.exists() else set()


def wait_until_quiet(*, seconds: float) -> None:
    """Wait until others leave the processors alone for two seconds, but no longer than this."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        before = busy_seconds()
        time.sleep(2)
        if (busy_seconds() - before) / 2 / (os.cpu_count() or 1) < BUSY:
            return
