"""An archive's bytes into a database, by pg_restore, in one pass."""

import os
import select
import subprocess
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from django.utils.translation import gettext as _

from backups.engines.postgres.clients import ClientSet, choose_for_reading
from backups.engines.postgres.connection import Server, last_line
from backups.engines.postgres.process import Tool, running, widen
from backups.errors import RestoreFailed
from monitoring.files.journal import Journal

POLL_SECONDS = 0.25
WAIT_SECONDS = 1
NAP_SECONDS = 0.002
TOOL = "pg_restore"
# How often, in bytes, `look` is called while bytes come.
LOOK_EACH = 64 << 20
# All in one transaction: nothing or everything; and PostgreSQL need not log what it makes in it.
WHOLE = ("--single-transaction", "--exit-on-error")


class Restore:
    """Takes the archive's bytes. `look` may raise, to end it for reasons of its own.

    `is_working` says whether the server is at work on what it was given; without it, each wait
    counts as work.
    """

    def __init__(
        self,
        tool: Tool,
        *,
        on_wait: Callable[[], None],
        look: Callable[[], None],
        is_working: Callable[[], bool] | None = None,
    ) -> None:
        self._tool = tool
        self._on_wait = on_wait
        self._look = look
        self._is_working = is_working
        self._unlooked = 0
        self._room = select.poll()
        assert tool.process.stdin is not None
        os.set_blocking(tool.process.stdin.fileno(), False)
        self._room.register(tool.process.stdin, select.POLLOUT)

    def write(self, data: bytes | bytearray, /) -> int:
        self._unlooked += len(data)
        if self._unlooked >= LOOK_EACH:
            self._unlooked = 0
            self._look()
        try:
            self._put(memoryview(data))
        except BrokenPipeError:
            # It stopped reading: `finish` tells why.
            self.finish()
            raise RestoreFailed(_("The archive goes on behind its end.")) from None
        return len(data)

    def _put(self, rest: memoryview) -> None:
        assert self._tool.process.stdin is not None
        pipe = self._tool.process.stdin.fileno()
        while rest:
            try:
                rest = rest[os.write(pipe, rest) :]
            except BlockingIOError:
                if self._room.poll(WAIT_SECONDS * 1000):
                    # Each page that it reads makes room; it has a mebibyte to go on with.
                    time.sleep(NAP_SECONDS)
                elif self._is_working is not None:
                    self._tell_if_working()

    def finish(self) -> None:
        """Wait for indexes and constraints, too. Raises RestoreFailed with the tool's own words."""
        assert self._tool.process.stdin is not None
        try:
            self._tool.process.stdin.close()
        except BrokenPipeError:
            pass
        wait_for(self._tool, on_wait=self._on_wait, look=self._look, is_working=self._is_working)

    def _tell_if_working(self) -> None:
        if self._is_working is None or self._is_working():
            self._on_wait()


def wait_for(
    tool: Tool,
    *,
    on_wait: Callable[[], None],
    look: Callable[[], None] = lambda: None,
    is_working: Callable[[], bool] | None = None,
) -> None:
    """Until it has ended. Raises RestoreFailed with the tool's own words."""
    while True:
        try:
            tool.process.wait(POLL_SECONDS)
            break
        except subprocess.TimeoutExpired:
            if is_working is None or is_working():
                on_wait()
            look()
    if tool.wait() != 0:
        raise RestoreFailed(last_line(tool.said), detail=tool.said)


@contextmanager
def restoring(
    server: Server,
    contents: dict[str, Any],
    *,
    arguments: Sequence[str],
    application: str,
    journal: Journal,
    on_wait: Callable[[], None],
    look: Callable[[], None] = lambda: None,
) -> Iterator[Restore]:
    """A sink for the archive's bytes, restored into the server's database. Raises BackupError.

    `contents` is the manifest's; `on_wait` is called while pg_restore works after the last byte.
    Call it from the thread that lives longest (see `process.running`).
    """
    reader = choose_for_reading(
        int(contents["tool_major"]), needs_zstd=bool(contents.get("zstd_inside"))
    )
    with in_one_stream(
        reader,
        ["--verbose", "--no-tablespaces", *arguments],
        server=server,
        application=application,
        hear=hearing(journal, TOOL),
        on_wait=on_wait,
        look=look,
    ) as restore:
        yield restore


def hearing(journal: Journal, source: str) -> Callable[[str], None]:
    def hear(line: str) -> None:
        if line:
            level = "debug" if line.startswith("pg_restore: processing") else "info"
            journal.say(line, level=level, source=source)

    return hear


def list_file(numbers: Iterable[int]) -> bytes:
    """For `pg_restore --use-list`."""
    return b"".join(b"%d;\n" % number for number in numbers)


@contextmanager
def unnamed_list(numbers: Iterable[int]) -> Iterator[int]:
    """The same as an open file, without a name on any disk."""
    descriptor = os.memfd_create("list")
    try:
        with os.fdopen(os.dup(descriptor), "wb") as file:
            file.write(list_file(numbers))
        os.lseek(descriptor, 0, os.SEEK_SET)
        yield descriptor
    finally:
        os.close(descriptor)


@contextmanager
def in_one_stream(
    clients: ClientSet,
    arguments: list[str],
    *,
    server: Server,
    application: str,
    hear: Callable[[str], None],
    on_wait: Callable[[], None],
    look: Callable[[], None] = lambda: None,
    is_working: Callable[[], bool] | None = None,
    descriptors: tuple[int, ...] = (),
) -> Iterator[Restore]:
    """pg_restore reads what is written. Not in one transaction: it would hold a lock on each
    table, more than a server may have room for. What fails half-way is dropped as a whole."""
    with (
        server.tool_environment(application=application) as (environment, inherited),
        running(
            [clients.program("pg_restore"), "--no-password", "--dbname=", *arguments],
            environment=environment,
            descriptors=(*inherited, *descriptors),
            secret=server.password,
            stdin=subprocess.PIPE,
            on_line=hear,
        ) as tool,
    ):
        assert tool.process.stdin is not None
        widen(tool.process.stdin)
        yield Restore(tool, on_wait=on_wait, look=look, is_working=is_working)
