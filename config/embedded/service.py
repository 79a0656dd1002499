"""What the supervisor needs to know of an embedded service, and what services share."""

import os
import signal
import time
from pathlib import Path
from typing import Protocol

import psutil

from config.embedded.errors import StartFailed
from config.places import Places
from config.processes.child import Child, ChildSpec

POLL_SECONDS = 0.03


class Service(Protocol):
    """A service of the installation's own, on a socket in its private folder."""

    name: str
    title: str

    def prepare(self) -> None:
        """Make it ready to be started: folders, files, nothing left of an earlier run."""

    def spec(self) -> ChildSpec:
        """How to start it."""

    def answers(self) -> bool:
        """Whether it can be used now."""

    def finish(self) -> None:
        """What remains to be done once it answers."""


def configuration_folder(places: Places) -> Path:
    """Written by us and read by the services, which cannot change it."""
    return places.data / "services"


def bare_environment() -> dict[str, str]:
    """No variable of the user's (PGPORT, LD_PRELOAD …) decides how a service runs."""
    return {"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C"}


def start_service(service: Service, *, seconds: float = 120) -> Child:
    """Prepare it, start it and wait until it can be used. Raises StartFailed.

    The time is long because PostgreSQL may have to replay its log after a power cut.
    """
    service.prepare()
    child = Child(service.spec())
    try:
        wait_until_usable(service, child, seconds=seconds)
    except BaseException:
        child.ask_to_stop()
        if not child.wait(5):
            child.kill()
            child.wait(5)
        raise
    return child


def wait_until_usable(service: Service, child: Child, *, seconds: float = 120) -> None:
    deadline = time.monotonic() + seconds
    while not service.answers():
        ended = child.status()
        if ended is not None or time.monotonic() > deadline:
            how = "does not answer" if ended is None else f"ended with {ended}"
            raise StartFailed(
                f"{service.title} {how}. Its own words:\n{last_lines(child.spec.log)}"
            )
        time.sleep(POLL_SECONDS)
    service.finish()


def last_lines(log: Path, count: int = 8) -> str:
    try:
        text = log.read_bytes()[-4000:].decode(errors="replace")
    except OSError:
        text = ""
    lines = text.splitlines()[-count:]
    return "\n".join(f"  {line}" for line in lines) or f"  (nothing in {log})"


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
