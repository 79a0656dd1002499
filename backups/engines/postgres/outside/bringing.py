"""A file from elsewhere into a fresh database: by a guest, and counted, since nothing says what
it should be."""

import os
import secrets
import subprocess
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from typing import Any, Protocol

import psycopg
from psycopg import sql

from backups.engines.postgres.clients import choose_for_reading, choose_for_scripts
from backups.engines.postgres.connection import Server, named_failure
from backups.engines.postgres.outside.guest import hand_over, invited, let_in_again
from backups.engines.postgres.outside.looking import untrusted_extensions
from backups.engines.postgres.outside.script import Script
from backups.engines.postgres.process import running, widen
from backups.engines.postgres.restore import TOOL, Restore
from backups.engines.postgres.selection import Choice
from monitoring.files.journal import Journal

MOST_COUNTED = 10_000
# All of it is the guest's; what only a superuser could make is not asked for.
ARGUMENTS = (
    *("--exit-on-error", "--no-owner", "--no-privileges", "--no-security-labels"),
    *("--no-publications", "--no-subscriptions", "--no-tablespaces"),
    *("--no-password", "--verbose", "--dbname="),
)


class Sink(Protocol):
    def write(self, data: bytes, /) -> int: ...

    def finish(self) -> None: ...


class Bringing:
    """Takes the opened bytes; at the end all is restored, counted and handed over."""

    def __init__(
        self,
        sink: Sink,
        server: Server,
        guest: Server,
        application: str,
        on_wait: Callable[[], None],
    ) -> None:
        self._on_wait = on_wait
        self.counted: dict[str, int | None] = {}
        self.choice: Choice | None = None
        self.made_roles: list[str] = []
        self._sink = sink
        self._server = server
        self._guest = guest
        self._application = application

    def write(self, data: bytes, /) -> int:
        return self._sink.write(data)

    def share(self) -> float | None:
        return None

    def finish(self) -> None:
        self._sink.finish()
        let_in_again(self._server, self._guest, application=self._application)
        self.counted = count_rows(self._guest, application=self._application, on_wait=self._on_wait)
        hand_over(self._server, self._guest, application=self._application)


@contextmanager
def bringing(
    server: Server,
    contents: dict[str, Any],
    *,
    application: str,
    journal: Journal,
    on_wait: Callable[[], None],
) -> Iterator[Bringing]:
    """`contents` is what `reading.read_whole` found. Raises BackupError.

    Call it from the thread that lives longest (see `process.running`).
    """
    if contents.get("accepts_extensions"):
        _make_extensions(server, contents["extensions"], application=application)
    open_sink = restoring_script if contents["format"] == "plain" else restoring_archive
    with (
        invited(server, application=application) as guest,
        open_sink(
            guest, contents, application=application, journal=journal, on_wait=on_wait
        ) as sink,
    ):
        yield Bringing(sink, server, guest, application, on_wait)


def _make_extensions(server: Server, wanted: list[str], *, application: str) -> None:
    """Those that the guest cannot make, which an administrator has agreed to."""
    with server.connect(application=application) as session:
        try:
            for name in untrusted_extensions(session, wanted):
                session.execute(
                    sql.SQL("CREATE EXTENSION IF NOT EXISTS {} CASCADE").format(
                        sql.Identifier(name)
                    )
                )
        except psycopg.Error as error:
            raise named_failure(str(error)) from error


@contextmanager
def restoring_archive(
    guest: Server,
    contents: dict[str, Any],
    *,
    application: str,
    journal: Journal,
    on_wait: Callable[[], None],
) -> Iterator[Sink]:
    with ExitStack() as stack:
        reader = choose_for_reading(
            int(contents["tool_major"]), needs_zstd=bool(contents["zstd_inside"])
        )
        arguments: list[str] = [reader.program("pg_restore"), *ARGUMENTS]
        environment, descriptors = stack.enter_context(
            guest.tool_environment(application=application)
        )
        if (wanted := contents.get("wanted")) is not None:
            chosen = stack.enter_context(_list_of(wanted))
            arguments.append(f"--use-list=/proc/self/fd/{chosen}")
            descriptors += (chosen,)
        if folder := contents.get("folder"):
            arguments += ["--format=directory", folder]
        tool = stack.enter_context(
            running(
                arguments,
                environment=environment,
                descriptors=descriptors,
                secret=guest.password,
                stdin=subprocess.PIPE,
                on_line=hearing(journal, TOOL),
            )
        )
        assert tool.process.stdin is not None
        widen(tool.process.stdin)
        yield Restore(tool, on_wait=on_wait, look=lambda: None)


@contextmanager
def restoring_script(
    guest: Server,
    contents: dict[str, Any],  # noqa: ARG001 - as restoring_archive
    *,
    application: str,
    journal: Journal,
    on_wait: Callable[[], None],
) -> Iterator[Sink]:
    """psql in one transaction and restricted, fed with what our reader has let pass."""
    client = choose_for_scripts(needs_tls=guest.needs_tls)
    with (
        guest.tool_environment(application=application) as (environment, descriptors),
        running(
            [
                *(client.program("psql"), "--no-psqlrc", "--single-transaction", "--quiet"),
                *("--set=ON_ERROR_STOP=1", "--no-password", "--file=-"),
            ],
            environment=environment,
            descriptors=descriptors,
            secret=guest.password,
            stdin=subprocess.PIPE,
            on_line=hearing(journal, "psql"),
        ) as tool,
    ):
        assert tool.process.stdin is not None
        widen(tool.process.stdin)
        yield ScriptSink(Restore(tool, on_wait=on_wait, look=lambda: None))


class ScriptSink:
    """Reads the script as it was read before, and gives on what may run.

    All of it stands between a restrict and an unrestrict of ours: should psql see a command of
    its own where our reader sees none, it refuses it.
    """

    def __init__(self, psql: Restore) -> None:
        self._psql = psql
        self._key = secrets.token_hex(32).encode()
        self._script = Script(psql.write)
        psql.write(b"\\restrict " + self._key + b"\n")

    def write(self, data: bytes, /) -> int:
        self._script.feed(data)
        return len(data)

    def finish(self) -> None:
        self._script.finish()
        self._psql.write(b"\n\\unrestrict " + self._key + b"\n")
        self._psql.finish()


def hearing(journal: Journal, source: str) -> Callable[[str], None]:
    def hear(line: str) -> None:
        if line:
            level = "debug" if line.startswith("pg_restore: processing") else "info"
            journal.say(line, level=level, source=source)

    return hear


@contextmanager
def _list_of(wanted: Sequence[int]) -> Iterator[int]:
    """A list for --use-list, without a name on any disk."""
    descriptor = os.memfd_create("list")
    try:
        with os.fdopen(os.dup(descriptor), "w") as file:
            file.writelines(f"{number};\n" for number in wanted)
        os.lseek(descriptor, 0, os.SEEK_SET)
        yield descriptor
    finally:
        os.close(descriptor)


def count_rows(
    guest: Server, *, application: str, on_wait: Callable[[], None]
) -> dict[str, int | None]:
    """Rows by table, asked as the guest: what runs there may be the stranger's own. None where
    they cannot be counted."""
    found: dict[str, int | None] = {}
    with guest.connect(application=application) as session:
        try:
            session.execute("SET search_path = pg_catalog")
            tables = session.execute(
                "SELECT n.nspname, c.relname FROM pg_class c"
                " JOIN pg_namespace n ON n.oid = c.relnamespace"
                " WHERE c.relkind = 'r' AND c.relpersistence <> 't'"
                " AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'"
                " ORDER BY 1, 2 LIMIT %s",
                [MOST_COUNTED],
            ).fetchall()
        except psycopg.Error as error:
            raise named_failure(str(error)) from error
        for schema, table in tables:
            on_wait()
            found[f"{schema}.{table}"] = _count(session, str(schema), str(table))
    return found


def _count(session: psycopg.Connection[Any], schema: str, table: str) -> int | None:
    try:
        # A table under row security that is forced upon its owner would count less.
        session.execute("SET row_security = off")
        row = session.execute(
            sql.SQL("SELECT count(*) FROM ONLY {}").format(sql.Identifier(schema, table))
        ).fetchone()
    except psycopg.errors.InsufficientPrivilege:
        return None
    except psycopg.Error as error:
        raise named_failure(str(error)) from error
    return int(str(row[0])) if row else None
