"""A file from elsewhere into a fresh database: by a guest, and counted, since nothing says what
it should be."""

import secrets
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

import psycopg
from django.utils.translation import gettext as _
from psycopg import sql

from backups.engines import RestoreOptions
from backups.engines.postgres.clients import choose_for_reading, choose_for_scripts
from backups.engines.postgres.connection import Server, named_failure
from backups.engines.postgres.items import Items
from backups.engines.postgres.outside.counting import count_rows
from backups.engines.postgres.outside.giving import give_away
from backups.engines.postgres.outside.guest import CONNECTIONS, hand_over, invited, let_in_again
from backups.engines.postgres.outside.looking import untrusted_extensions
from backups.engines.postgres.outside.script import Script
from backups.engines.postgres.parallel import in_parallel
from backups.engines.postgres.process import running, widen
from backups.engines.postgres.restore import Restore, hearing, in_one_stream, unnamed_list
from backups.engines.postgres.sinks import Bringing, Sink
from monitoring.files.journal import Journal

# In seconds; well before `guest.VALID_FOR` is over.
RENEWED_EACH = 180
# All of it is the guest's; what only a superuser could make is not asked for.
ARGUMENTS = (
    *("--exit-on-error", "--no-owner", "--no-privileges", "--no-security-labels"),
    *("--no-publications", "--no-subscriptions", "--no-tablespaces", "--verbose"),
)


class GuestBringing(Bringing):
    """At the end all is restored, counted and handed over."""

    def __init__(
        self,
        sink: Sink,
        server: Server,
        guest: Server,
        items: Items,
        *,
        role: str,
        application: str,
        journal: Journal,
        on_wait: Callable[[], None],
    ) -> None:
        super().__init__()
        self._role = role
        self._journal = journal
        self._sink = sink
        self._server = server
        self._guest = guest
        self._items = items
        self._application = application
        self._on_wait = on_wait

    def write(self, data: bytes, /) -> int:
        return self._sink.write(data)

    def finish(self) -> None:
        self._sink.finish()
        let_in_again(self._server, self._guest, application=self._application)
        self.counted = count_rows(self._guest, application=self._application, on_wait=self._on_wait)
        hand_over(self._server, self._guest, application=self._application)

    def share(self) -> float | None:
        return self._items.share()

    def settle(self) -> None:
        if self._role:
            give_away(
                self._server, self._role, application=self._application, journal=self._journal
            )


@contextmanager
def bringing_by_guest(
    server: Server,
    manifest: dict[str, Any],
    *,
    options: RestoreOptions,
    application: str,
    journal: Journal,
    on_wait: Callable[[], None],
) -> Iterator[GuestBringing]:
    """The manifest's `contents` are what `reading.read_whole` found. Raises BackupError.

    Call it from the thread that lives longest (see `process.running`).
    """
    contents = manifest["contents"]
    items = Items(journal)
    if contents.get("accepts_extensions"):
        _make_extensions(server, contents["extensions"], application=application)
    run: dict[str, Any] = {"application": application, "journal": journal, "on_wait": on_wait}
    with ExitStack() as stack:
        connections = CONNECTIONS + options.jobs
        guest = stack.enter_context(
            invited(server, application=application, connections=connections)
        )
        sink: Sink
        if contents["format"] == "plain":
            sink = stack.enter_context(restoring_script(guest, **run))
        else:
            _make_schemas(guest, contents.get("schemas_needed") or [], application=application)
            for name in contents.get("left_behind") or []:
                said = _("Left out, for its other table is not brought: foreign key %(name)s")
                journal.say(said % {"name": name}, level="warning", source="holdfast")
            if options.jobs > 1:
                # Its workers come when the definitions are made, and once more at the end.
                run["on_wait"] = _letting_in(server, guest, application, on_wait)
            wanted = contents.get("wanted")
            items.total = contents.get("items") if wanted is None else len(wanted)
            way = {name: run[name] for name in ("application", "on_wait")}
            sink = stack.enter_context(restoring_archive(guest, contents, options, items, **way))
        yield GuestBringing(sink, server, guest, items, role=options.role, **run)


def _letting_in(
    server: Server, guest: Server, application: str, on_wait: Callable[[], None]
) -> Callable[[], None]:
    """The same, and the guest's password never ends meanwhile."""
    renewed = time.monotonic()

    def wait() -> None:
        nonlocal renewed
        on_wait()
        if time.monotonic() - renewed > RENEWED_EACH:
            renewed = time.monotonic()
            let_in_again(server, guest, application=application)

    return wait


def _make_extensions(server: Server, wanted: list[str], *, application: str) -> None:
    """Those that the guest cannot make, which an administrator has agreed to."""
    with server.connect(application=application) as session:
        try:
            # Where an extension goes that does not say; nobody else was in this database yet.
            session.execute("SET search_path = public")
            for name in untrusted_extensions(session, wanted):
                session.execute(
                    sql.SQL("CREATE EXTENSION IF NOT EXISTS {} CASCADE").format(
                        sql.Identifier(name)
                    )
                )
        except psycopg.Error as error:
            raise named_failure(str(error)) from error


def _make_schemas(guest: Server, names: list[str], *, application: str) -> None:
    """Those that the archive has no entry for, of some tables alone."""
    if not names:
        return
    with guest.connect(application=application) as session:
        try:
            for name in names:
                made_so = sql.SQL("CREATE SCHEMA IF NOT EXISTS {}")
                session.execute(made_so.format(sql.Identifier(name)))
        except psycopg.Error as error:
            raise named_failure(str(error)) from error


@contextmanager
def restoring_archive(
    guest: Server,
    contents: dict[str, Any],
    options: RestoreOptions,
    items: Items,
    *,
    application: str,
    on_wait: Callable[[], None],
) -> Iterator[Sink]:
    reader = choose_for_reading(
        int(contents["tool_major"]), needs_zstd=bool(contents["zstd_inside"])
    )
    arguments, descriptors = list(ARGUMENTS), tuple[int, ...]()
    with ExitStack() as stack:
        if (wanted := contents.get("wanted")) is not None:
            listed = stack.enter_context(unnamed_list(wanted))
            arguments.append(f"--use-list=/proc/self/fd/{listed}")
            descriptors = (listed,)
        if options.schema_only:
            arguments.append("--schema-only")
        shared: dict[str, Any] = {
            "server": guest,
            "application": application,
            "hear": items.say,
            "on_wait": on_wait,
            "descriptors": descriptors,
        }
        jobs = options.jobs
        if folder := contents.get("folder"):
            arguments += ["--format=directory", *([f"--jobs={jobs}"] if jobs > 1 else []), folder]
        elif jobs > 1:
            yield stack.enter_context(
                in_parallel(reader, arguments, jobs=jobs, is_working=lambda: True, **shared)
            )
            return
        yield stack.enter_context(in_one_stream(reader, arguments, **shared))


@contextmanager
def restoring_script(
    guest: Server, *, application: str, journal: Journal, on_wait: Callable[[], None]
) -> Iterator["ScriptSink"]:
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

    def write(self, data: bytes | bytearray, /) -> int:
        self._script.feed(bytes(data))
        return len(data)

    def finish(self) -> None:
        self._script.finish()
        self._psql.write(b"\n\\unrestrict " + self._key + b"\n")
        self._psql.finish()
