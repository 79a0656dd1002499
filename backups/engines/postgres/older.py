"""An archive as text into a server that is older than the programs that read it.

pg_restore → the first lines without what the server does not know → psql, in one stream. Only
settings are taken out, and only before the first object: everything else the server has to take.
"""

import re
import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from io import BufferedReader
from typing import IO

import psycopg

from backups.engines.postgres.clients import ClientSet
from backups.engines.postgres.connection import Server, named_failure
from backups.engines.postgres.process import running, widen
from backups.engines.postgres.restore import Restore, wait_for
from backups.errors import RestoreFailed

BLOCK_BYTES = 1 << 20
# Comes before every object; behind it nothing is changed any more.
_OBJECT = re.compile(rb"-- (?:TOC entry|Name:|Data for Name:)")
_SETTING = re.compile(rb"SET (\w+) = [^;\n]*;\n")
LONGEST_PREAMBLE = 1 << 20


class AsText:
    """See `sinks.Sink`. Every program's exit status counts, psql's words first.

    `end_writing` waits for psql.
    """

    def __init__(self, reader: Restore, pump: "_Pump", end_writing: Callable[[], None]) -> None:
        self._reader = reader
        self._pump = pump
        self._end_writing = end_writing

    def write(self, data: bytes | bytearray, /) -> int:
        with self._first_failure():
            return self._reader.write(data)

    def finish(self) -> None:
        with self._first_failure():
            self._reader.finish()
        self._pump.join()
        self._end_writing()
        if self._pump.failure is not None:
            raise RestoreFailed(str(self._pump.failure))

    @contextmanager
    def _first_failure(self) -> Iterator[None]:
        """A reader that cannot get rid of its text fails because psql did."""
        try:
            yield
        except RestoreFailed:
            if self._pump.is_refused:
                self._end_writing()
            raise


class _Pump:
    """Takes the text from one program to the other, in a thread: we feed the first meanwhile."""

    def __init__(self, source: BufferedReader, sink: IO[bytes], known: set[bytes]) -> None:
        self.failure: Exception | None = None
        self.is_refused = False
        self._source = source
        self._sink = sink
        self._known = known
        self._thread = threading.Thread(target=self._run, name="text", daemon=True)
        self._thread.start()

    def join(self) -> None:
        self._thread.join()

    def _run(self) -> None:
        try:
            with self._sink:
                self._sink.write(without_unknown(self._source, self._known))
                while block := self._source.read1(BLOCK_BYTES):
                    self._sink.write(block)
        except BrokenPipeError:
            # psql has ended, and says why.
            self.is_refused = True
        except (OSError, ValueError) as error:
            self.failure = error
        finally:
            # Nobody reads any more: the reader must not wait for it.
            self._source.close()


def without_unknown(source: IO[bytes], known: set[bytes]) -> bytes:
    """What comes before the first object, without settings that the server does not have."""
    found = bytearray()
    while len(found) < LONGEST_PREAMBLE:
        line = source.readline(BLOCK_BYTES)
        setting = _SETTING.fullmatch(line)
        if setting is None or setting[1] in known:
            found += line
        if not line or _OBJECT.match(line):
            break
    return bytes(found)


@contextmanager
def as_text(
    reader: ClientSet,
    psql: ClientSet,
    arguments: list[str],
    *,
    server: Server,
    application: str,
    hear: Callable[[str], None],
    on_wait: Callable[[], None],
    is_working: Callable[[], bool],
    descriptors: tuple[int, ...],
) -> Iterator[AsText]:
    with (
        server.tool_environment(application=application) as (environment, inherited),
        running(
            [
                *(psql.program("psql"), "--no-psqlrc", "--quiet", "--no-password"),
                *("--set=ON_ERROR_STOP=1", "--file=-"),
            ],
            environment=environment,
            descriptors=inherited,
            secret=server.password,
            stdin=subprocess.PIPE,
            on_line=hear,
        ) as writing,
        running(
            [reader.program("pg_restore"), *arguments, "--file=-"],
            environment=environment,
            descriptors=descriptors,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            on_line=hear,
        ) as reading,
    ):
        for pipe in (writing.process.stdin, reading.process.stdin, reading.process.stdout):
            assert pipe is not None
            widen(pipe)
        assert isinstance(reading.process.stdout, BufferedReader)
        assert writing.process.stdin is not None
        pump = _Pump(reading.process.stdout, writing.process.stdin, _settings_of(server))
        yield AsText(
            Restore(reading, on_wait=on_wait, look=lambda: None, is_working=is_working),
            pump,
            lambda: wait_for(writing, on_wait=on_wait, is_working=is_working),
        )


def _settings_of(server: Server) -> set[bytes]:
    with server.connect(application="holdfast:look") as session:
        try:
            rows = session.execute("SELECT name FROM pg_settings").fetchall()
        except psycopg.Error as error:
            raise named_failure(str(error)) from error
    return {str(row[0]).encode() for row in rows}
