"""Processes that an earlier run left behind, found by the folder in which they work."""

import signal
import time
from pathlib import Path

import psutil

from machine.errors import StartFailed

POLL_SECONDS = 0.03


def end_leftovers(folder: Path, *, program: str, stop: signal.Signals, seconds: float) -> None:
    """Wait for processes of an earlier run that still work in `folder`, or end them.

    After a kill of everything a postmaster may still be shutting down. Only one `up` can
    hold the lock of the data folder, so whoever works there is nobody's any more.
    """
    alive = _still_alive(_working_in(folder, program), seconds / 3)
    for number in (stop, signal.SIGKILL):
        for process in alive:
            _signal(process, number)
        alive = _still_alive(alive, seconds / 3)
    remaining = _working_in(folder, program)
    if remaining:
        raise StartFailed(
            f"Process {remaining[0].pid} ({program}) of an earlier run does not end and still "
            f"uses {folder}. End it and start again."
        )


def _working_in(folder: Path, program: str) -> list[psutil.Process]:
    found = []
    for process in psutil.process_iter(["cwd", "name"]):
        cwd, name = process.info["cwd"], process.info["name"]
        if cwd and name and name.startswith(program) and Path(cwd) == folder.resolve():
            found.append(process)
    return found


def _still_alive(processes: list[psutil.Process], seconds: float) -> list[psutil.Process]:
    """Those that have not ended within the time."""
    # psutil.wait_procs would take the exit status of a child of our own from its `Child`.
    deadline = time.monotonic() + seconds
    while True:
        processes = [process for process in processes if _is_alive(process)]
        if not processes or time.monotonic() > deadline:
            return processes
        time.sleep(POLL_SECONDS)


def _is_alive(process: psutil.Process) -> bool:
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def _signal(process: psutil.Process, number: signal.Signals) -> None:
    try:
        process.send_signal(number)
    except psutil.NoSuchProcess:
        pass
