"""Keeps a set of children running: starts what dies again, and stops all in order.

One thread, no database, no Django: it must go on when everything else does not.
"""

import os
import select
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from types import FrameType

from config.processes.child import Child, ChildSpec

FIRST_DELAY = 0.5
LONGEST_DELAY = 30.0
ALIVE_LONG_ENOUGH = 60.0
STOP_SIGNALS = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
WORK_SECONDS = 6.0
SERVICE_SECONDS = 3.0
LAST_SECONDS = 0.7


class StopRequested(BaseException):
    """Somebody asked us to stop while we were not in the loop."""


@dataclass
class Watched:
    """A child to keep running. `prepare` runs before each start, `finish` once it is up."""

    title: str
    spec: Callable[[], ChildSpec]
    prepare: Callable[[], None] | None = None
    is_service: bool = False
    child: Child | None = None
    delay: float = FIRST_DELAY
    start_at: float = field(default=0.0)


class Supervisor:
    def __init__(self, say: Callable[[str], None]) -> None:
        self._say = say
        self._watched: list[Watched] = []
        self._stops = 0
        self._interruptible = False
        self._read, self._write = os.pipe()
        for end in (self._read, self._write):
            os.set_blocking(end, False)

    def listen(self) -> None:
        """From now on a signal to stop is heard, and the end of a child wakes us."""
        for number in STOP_SIGNALS:
            # Under nohup a hang-up is ignored, and stays so.
            if number != signal.SIGHUP or signal.getsignal(number) != signal.SIG_IGN:
                signal.signal(number, self._hear_stop)
        signal.signal(signal.SIGCHLD, _wake)
        signal.set_wakeup_fd(self._write, warn_on_full_buffer=False)

    @contextmanager
    def interruptible(self) -> Iterator[None]:
        """Code outside the loop, which a signal to stop ends by StopRequested."""
        self._interruptible = True
        try:
            if self._stops:
                raise StopRequested
            yield
        finally:
            self._interruptible = False

    def adopt(self, watched: Watched, child: Child) -> None:
        """Keep running what was started already."""
        watched.child = child
        self._watched.append(watched)

    def start(self, watched: Watched) -> None:
        self._watched.append(watched)
        self._start(watched)

    def run(self, every_turn: Callable[[], None] | None = None) -> None:
        """Watch until a signal to stop comes."""
        while not self._stops:
            for watched in self._watched:
                self._look_after(watched)
            if every_turn:
                every_turn()
            self._sleep(0.25)

    def stop(self) -> None:
        """End everything: the work first, then the services. Under 10 s in all."""
        work = [each for each in self._watched if not each.is_service]
        services = [each for each in self._watched if each.is_service]
        self._end(work, WORK_SECONDS)
        self._end(services, SERVICE_SECONDS)

    def _look_after(self, watched: Watched) -> None:
        child = watched.child
        if child is None:
            if time.monotonic() >= watched.start_at:
                self._start(watched)
            return
        status = child.status()
        if status is None:
            return
        if time.monotonic() - child.started > ALIVE_LONG_ENOUGH:
            watched.delay = FIRST_DELAY
        self._say(
            f"{watched.title} {_how_it_ended(status)}; starting it again in {watched.delay:g} s. "
            f"Its log: {child.spec.log}"
        )
        self._put_off(watched)

    def _start(self, watched: Watched) -> None:
        try:
            if watched.prepare:
                watched.prepare()
            watched.child = Child(watched.spec())
        except Exception as error:  # noqa: BLE001  # at the edge: whatever it is, the others must go on
            self._say(f"{watched.title} cannot be started: {error}")
            self._put_off(watched)

    def _put_off(self, watched: Watched) -> None:
        watched.child = None
        watched.start_at = time.monotonic() + watched.delay
        watched.delay = min(watched.delay * 2, LONGEST_DELAY)

    def _end(self, group: list[Watched], seconds: float) -> None:
        """Ask, wait, then kill. A second signal to stop makes it quick for the work."""
        children = [each.child for each in group if each.child is not None]
        services = any(each.is_service for each in group)
        for child in children:
            child.ask_to_stop()
        deadline = time.monotonic() + seconds
        while any(child.status() is None for child in children):
            hurried = self._stops > 1 and not services
            if time.monotonic() >= deadline or hurried:
                break
            self._sleep(0.1)
        for child in children:
            child.kill()
        for child in children:
            child.wait(LAST_SECONDS)

    def _sleep(self, seconds: float) -> None:
        select.select([self._read], [], [], seconds)
        try:
            os.read(self._read, 4096)
        except BlockingIOError:
            pass

    def _hear_stop(self, _number: int, _frame: FrameType | None) -> None:
        self._stops += 1
        if self._interruptible:
            self._interruptible = False
            raise StopRequested


def _wake(_number: int, _frame: FrameType | None) -> None:
    """Nothing: a signal with a handler writes to the pipe that the loop waits for."""


def _how_it_ended(status: int) -> str:
    if status < 0:
        return f"was ended by {signal.Signals(-status).name}"
    return f"ended with status {status}"
