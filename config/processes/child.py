"""One child process: how it is started, asked to stop, and ended with all it started."""

import os
import signal
import subprocess
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO, cast

from machine.account import Account
from machine.lifeline import die_with_parent

LONGEST_LOG = 10 * 1024 * 1024


@dataclass(frozen=True)
class ChildSpec:
    """What to run. `stop_signal` asks it to end; `death_signal` comes when we die."""

    name: str
    arguments: tuple[str, ...]
    folder: Path
    log: Path
    account: Account | None = None
    environment: Mapping[str, str] = field(default_factory=dict)
    stop_signal: signal.Signals = signal.SIGTERM
    death_signal: signal.Signals = signal.SIGKILL


class Child:
    """A running process that leads a session, so that its whole group can be ended."""

    def __init__(self, spec: ChildSpec) -> None:
        self.spec = spec
        self.started = time.monotonic()
        self._process = _start(spec)
        self._status: int | None = None

    @property
    def pid(self) -> int:
        return self._process.pid

    def status(self) -> int | None:
        """Its exit status, or None while it runs. What is left of its group is ended first."""
        if self._status is None and self._has_ended():
            # Until it is waited for, its id cannot be taken by another process.
            self._signal_group(signal.SIGKILL)
            self._status = self._process.wait()
        return self._status

    def ask_to_stop(self) -> None:
        if self._status is None:
            self._process.send_signal(self.spec.stop_signal)

    def signal_now(self, number: signal.Signals) -> None:
        if self._status is None:
            self._process.send_signal(number)

    def kill(self) -> None:
        """End the whole group at once."""
        if self._status is None:
            self._signal_group(signal.SIGKILL)

    def wait(self, seconds: float) -> bool:
        """Wait for its end; whether it ended in time."""
        deadline = time.monotonic() + seconds
        while self.status() is None:
            if time.monotonic() >= deadline:
                return False
            time.sleep(0.02)
        return True

    def _has_ended(self) -> bool:
        options = os.WEXITED | os.WNOHANG | os.WNOWAIT
        return os.waitid(os.P_PID, self.pid, options) is not None

    def _signal_group(self, number: signal.Signals) -> None:
        try:
            os.killpg(self.pid, number)
        except ProcessLookupError:
            pass


def _start(spec: ChildSpec) -> "subprocess.Popen[bytes]":
    parent = os.getpid()
    account = spec.account if spec.account and spec.account.switch else None
    with open_log(spec.log) as log:
        return subprocess.Popen(
            spec.arguments,
            cwd=spec.folder,
            env=dict(spec.environment),
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            user=account.uid if account else None,
            group=account.gid if account else None,
            extra_groups=[] if account else None,
            umask=0o077,
            # After the change of user, which clears the death signal.
            preexec_fn=lambda: die_with_parent(parent, spec.death_signal),
        )


def open_log(path: Path) -> BinaryIO:
    """The log to append to. One that grew past 10 MB is set aside as `NAME.log.1`."""
    if path.exists() and path.stat().st_size > LONGEST_LOG:
        path.replace(path.with_name(f"{path.name}.1"))
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_NOFOLLOW, 0o600)
    return cast(BinaryIO, os.fdopen(descriptor, "ab", buffering=0))
