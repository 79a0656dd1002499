"""What the supervisor needs to know of an embedded service, and what services share."""

import time
from pathlib import Path
from typing import Protocol

from config.places import Places
from config.processes.child import Child, ChildSpec
from machine.errors import StartFailed

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
