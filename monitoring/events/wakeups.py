"""Wake-ups for the hubs of the web processes. Losing one loses no state: hubs look by themselves.

A thread of the process sends them, so that a slow or absent Redis never holds a writer up.
"""

import asyncio
import atexit
import os
import threading
import time
import uuid
from typing import Any

from channels.layers import get_channel_layer

GROUP = "live"
MESSAGE = "live.wake"
# What happens meanwhile goes along in one message.
GATHER_SECONDS = 0.05
SEND_SECONDS = 1.0
# After a failure Redis is left alone for a while; what is said meanwhile is dropped.
SILENT_SECONDS = 1.0
EXIT_SECONDS = 0.3
MOST_IN_A_MESSAGE = 1000
MOST_SAID = 100


class _Sender:
    """One in a process: the set of what is to be said, and the thread that says it."""

    def __init__(self) -> None:
        self._waiting: set[str] = set()
        self._said_waiting: list[dict[str, Any]] = []
        self._lock = threading.Lock()
        self._said = threading.Event()
        self._idle = threading.Event()
        self._idle.set()
        self._thread: threading.Thread | None = None

    def add(self, subject: str = "", said: dict[str, Any] | None = None) -> None:
        with self._lock:
            if subject and len(self._waiting) < MOST_IN_A_MESSAGE:
                self._waiting.add(subject)
            if said is not None and len(self._said_waiting) < MOST_SAID:
                self._said_waiting.append(said)
            self._idle.clear()
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="wakeups", daemon=True)
                self._thread.start()
        self._said.set()

    def wait_until_sent(self, seconds: float) -> bool:
        return self._idle.wait(seconds)

    def _run(self) -> None:
        # One loop for all messages: its connection to Redis is kept.
        with asyncio.Runner() as runner:
            while True:
                self._said.wait()
                self._said.clear()
                sent = self._send(runner)
                with self._lock:
                    if not self._waiting and not self._said_waiting:
                        self._idle.set()
                time.sleep(GATHER_SECONDS if sent else SILENT_SECONDS)
                if not sent:
                    self._drop()

    def _send(self, runner: asyncio.Runner) -> bool:
        with self._lock:
            subjects, self._waiting = self._waiting, set()
            said, self._said_waiting = self._said_waiting, []
        if not subjects and not said:
            return True
        try:
            runner.run(asyncio.wait_for(_publish(sorted(subjects), said), SEND_SECONDS))
        except Exception:  # noqa: BLE001 - whatever it is: hubs look by themselves
            return False
        return True

    def _drop(self) -> None:
        with self._lock:
            self._waiting.clear()
            self._said_waiting.clear()
            self._idle.set()


async def _publish(subjects: list[str], said: list[dict[str, Any]]) -> None:
    layer = get_channel_layer()
    if layer is not None:
        await layer.group_send(GROUP, {"type": MESSAGE, "subjects": subjects, "said": said})


_sender = _Sender()


def wake(subject: uuid.UUID | str) -> None:
    """Tell every hub to read this row again, or what has this name. Never blocks, never raises."""
    try:
        _sender.add(str(subject))
    except Exception:  # noqa: BLE001 - no thread can be had: who writes goes on
        return


def say(said: dict[str, Any]) -> None:
    """Give every hub something to pass on as it is. Never blocks, never raises; may be lost."""
    try:
        _sender.add(said=said)
    except Exception:  # noqa: BLE001 - as above
        return


def _start_anew() -> None:
    # A fork has the set and the locks, but not the thread.
    global _sender
    _sender = _Sender()


def _last_moment() -> None:
    _sender.wait_until_sent(EXIT_SECONDS)


os.register_at_fork(after_in_child=_start_anew)
atexit.register(_last_moment)
