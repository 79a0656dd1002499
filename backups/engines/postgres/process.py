"""Running a PostgreSQL tool: a session of its own, dead with its parent, its words kept."""

import os
import re
import signal
import subprocess
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from fcntl import F_SETPIPE_SZ, fcntl
from typing import IO

from access.redaction import redact

PIPE_BYTES = 1 << 20
KEPT_LINES = 200
LONGEST_LINE = 2000
GRACE_SECONDS = 3.0
NAP_SECONDS = 0.02
BLOCK_BYTES = 64 << 10
_TELLS_NOTHING = re.compile(r"pg_(dump|restore): (?!error|warning|hint|detail)")


class Tool:
    """A running tool. `said` keeps the last lines of its stderr, secrets removed."""

    def __init__(
        self,
        process: "subprocess.Popen[bytes]",
        *,
        secret: str,
        on_line: Callable[[str], None] | None,
    ) -> None:
        self.process = process
        self._lines: deque[str] = deque(maxlen=KEPT_LINES)
        self._secret = secret
        self._on_line = on_line
        self._listener = threading.Thread(target=self._listen, name="stderr", daemon=True)
        self._listener.start()

    def wait(self) -> int:
        code = self.process.wait()
        self._listener.join()
        return code

    @property
    def said(self) -> str:
        return "\n".join(self._lines)

    def _listen(self) -> None:
        """With naps: --verbose writes each line in pieces, and who wakes for each of them takes
        a processor from the tool or its server thousands of times. Its pipe holds them."""
        rest = b""
        while block := self._read():
            *lines, rest = (rest + block).split(b"\n")
            for line in lines:
                self._hear(line)
            if len(rest) > LONGEST_LINE:
                self._hear(rest)
                rest = b""
            time.sleep(NAP_SECONDS)
        if rest:
            self._hear(rest)

    def _read(self) -> bytes:
        assert self.process.stderr is not None
        block: bytes = self.process.stderr.read1(BLOCK_BYTES)  # type: ignore[attr-defined]  # buffered
        return block

    def _hear(self, whole: bytes) -> None:
        for begin in range(0, max(1, len(whole)), LONGEST_LINE):
            piece = whole[begin : begin + LONGEST_LINE]
            line = piece.decode("utf-8", "replace").rstrip()
            if self._on_line is not None:
                self._on_line(line)
            # Two lines for each table of --verbose would push the telling ones out.
            if not _TELLS_NOTHING.match(line):
                self._lines.append(redact(line, secrets=[self._secret]))


@contextmanager
def running(
    arguments: Sequence[str],
    *,
    environment: dict[str, str],
    descriptors: Sequence[int] = (),
    secret: str = "",
    stdin: int | IO[bytes] = subprocess.DEVNULL,
    stdout: int | IO[bytes] = subprocess.DEVNULL,
    on_line: Callable[[str], None] | None = None,
) -> Iterator[Tool]:
    """Run a tool for the length of the block; whatever of it is left then is ended.

    Start it from the thread that lives longest: the kernel ends the tool when that thread ends
    (prctl(2), PR_SET_PDEATHSIG), so that nothing outlives a killed worker.
    """
    process = subprocess.Popen(
        ["setpriv", "--pdeathsig", "KILL", "--", *arguments],
        env=environment,
        stdin=stdin,
        stdout=stdout,
        stderr=subprocess.PIPE,
        pass_fds=tuple(descriptors),
        start_new_session=True,
    )
    assert process.stderr is not None
    widen(process.stderr)
    tool = Tool(process, secret=secret, on_line=on_line)
    try:
        yield tool
    finally:
        end_group(process)
        for pipe in (process.stdin, process.stdout):
            if pipe is not None:
                with _ignored(BrokenPipeError):
                    pipe.close()
        tool.wait()
        process.stderr.close()


def widen(pipe: IO[bytes]) -> None:
    """A pipe of 1 MiB: fewer switches between the tool and us."""
    with _ignored(OSError):  # the system may allow less to an ordinary user
        fcntl(pipe, F_SETPIPE_SZ, PIPE_BYTES)


def end_group(process: "subprocess.Popen[bytes]") -> None:
    """End the tool and its children: asked first, then killed."""
    if process.poll() is not None:
        return
    for number in (signal.SIGTERM, signal.SIGKILL):
        with _ignored(ProcessLookupError):
            os.killpg(process.pid, number)
        try:
            process.wait(GRACE_SECONDS)
        except subprocess.TimeoutExpired:
            continue
        return


@contextmanager
def _ignored(*kinds: type[BaseException]) -> Iterator[None]:
    try:
        yield
    except kinds:
        pass
