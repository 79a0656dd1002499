"""How an archive is brought into a database of the user's: which of it, by which programs.

Its table of contents comes first. When that is known, what is asked for is chosen, and one of
three ways begins: one stream into pg_restore; unpacked to a file, for several pg_restores beside
each other (`parallel`); or as text, for a server older than the programs (`older`).
"""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from typing import Any

import psycopg
from django.utils.translation import gettext as _
from psycopg import sql

from backups.engines import RestoreOptions
from backups.engines.postgres.clients import Readers, choose_for_restoring
from backups.engines.postgres.connection import Server, named_failure
from backups.engines.postgres.globals import held_globals, make_globals
from backups.engines.postgres.items import Activity, Items
from backups.engines.postgres.older import as_text
from backups.engines.postgres.parallel import has_room, in_parallel
from backups.engines.postgres.restore import in_one_stream, unnamed_list
from backups.engines.postgres.roles import make_missing_roles, roles_of, with_roles
from backups.engines.postgres.selection import Choice, choose
from backups.engines.postgres.sinks import Bringing, Sink
from backups.engines.postgres.toc import CUSTOM, Entry, Toc
from backups.engines.postgres.toc_reader import TocReader
from backups.errors import NotChoosable, NothingMatches, RestoreFailed, ServerTooOld
from backups.file_errors import Refused
from monitoring.files.journal import Journal

# age gives 8 KiB at a time; each write would wake the program that reads.
BLOCK_BYTES = 256 << 10
# How much is held in memory until the table of contents has come.
MOST_HELD = 256 << 20


class ArchiveBringing(Bringing):
    """An archive of ours: what is chosen of it, by the way that fits the server."""

    def __init__(
        self,
        server: Server,
        manifest: dict[str, Any],
        stack: ExitStack,
        *,
        options: RestoreOptions,
        application: str,
        journal: Journal,
        on_wait: Callable[[], None],
    ) -> None:
        super().__init__()
        self._server = server
        self._manifest = manifest
        self._stack = stack
        self._options = options
        self._application = application
        self._journal = journal
        self._on_wait = on_wait
        self._items = Items(journal)
        self._activity = Activity(server, application, self._items, journal)
        stack.callback(self._activity.close)
        self._reader = TocReader()
        self._head = bytearray()
        self._entries: list[Entry] = []
        self._way: Sink | None = None
        self._pending = bytearray()
        self._server_major = 0

    def write(self, data: bytes, /) -> int:
        if self._way is not None:
            self._pending += data
            if len(self._pending) >= BLOCK_BYTES:
                self._pass_on(self._way)
            return len(data)
        self._head += data
        try:
            self._entries += self._reader.take(data)
        except Refused:
            self._begin(None)
            return len(data)
        head = self._reader.head
        if head is not None and self._reader.is_over:
            self._begin(Toc(head, tuple(self._entries), self._reader.size))
        elif len(self._head) > MOST_HELD:
            self._begin(None)
        return len(data)

    def finish(self) -> None:
        if self._way is None:
            # It ended within its table of contents: pg_restore says what it thinks of that.
            self._begin(None)
        assert self._way is not None
        self._pass_on(self._way)
        with self._explained():
            self._way.finish()
        # A database with a session in it cannot be renamed.
        self._activity.close()

    def _pass_on(self, way: Sink) -> None:
        pending, self._pending = self._pending, bytearray()
        with self._explained():
            way.write(pending)

    def share(self) -> float | None:
        return self._items.share()

    def _begin(self, toc: Toc | None) -> None:
        if toc is not None and toc.head.kind != CUSTOM:
            toc = None
        head, self._head, self._entries = bytes(self._head), bytearray(), []
        if toc is not None:
            self._choose(toc)
            if others := self._options.role_map:
                changed = toc.with_entries(lambda entry: with_roles(entry, others))
                head = changed + head[toc.size :]
        elif self._options.schemas or self._options.tables or self._options.role_map:
            raise NotChoosable(_("The archive's table of contents cannot be read."))
        self._make_roles(toc)
        self._way = self._stack.enter_context(self._chosen_way(toc))
        with self._explained():
            self._way.write(head)

    def _choose(self, toc: Toc) -> None:
        options = self._options
        choice = choose(toc, schemas=options.schemas, tables=options.tables)
        if not choice.taken:
            raise NothingMatches(_("The archive has nothing of the names that were asked for."))
        for name in choice.left_out:
            said = _("Left out, for its other table is not brought: foreign key %(name)s")
            self._journal.say(said % {"name": name}, level="warning", source="holdfast")
        self.choice = choice
        self._items.total = sum(1 for one in choice.taken if one.text or "DATA" in one.kind)
        self._make_schemas(choice)

    def _make_schemas(self, choice: Choice) -> None:
        """Those that the archive names and does not make: of some tables alone it has none."""
        made = {one.name for one in choice.taken if one.kind == "SCHEMA"}
        named = {one.schema for one in choice.taken if one.schema}
        missing = sorted(named - made - {"public", "pg_catalog"})
        if not missing:
            return
        with self._server.connect(application=self._application) as session:
            try:
                if self._options.role:
                    role = sql.Identifier(self._options.role)
                    session.execute(sql.SQL("SET ROLE {}").format(role))
                for name in missing:
                    made_so = sql.SQL("CREATE SCHEMA IF NOT EXISTS {}")
                    session.execute(made_so.format(sql.Identifier(name)))
            except psycopg.Error as error:
                raise named_failure(str(error)) from error

    def _make_roles(self, toc: Toc | None) -> None:
        held = held_globals(self._manifest["contents"]) if self._options.with_globals else None
        if held is not None:
            self.made_roles += make_globals(
                self._server,
                held,
                without=self._options.role_map.keys(),
                application=self._application,
                journal=self._journal,
            )
        if self._options.missing_roles == "create" and self._options.keep_owners:
            self._make_owners(toc)
        for role in self.made_roles:
            self._warn(
                _("Made the role %(name)s, which may not log in. It stays.") % {"name": role}
            )

    def _make_owners(self, toc: Toc | None) -> None:
        named = roles_of(toc, self._manifest["contents"].get("fingerprint"))
        others = self._options.role_map
        wanted = [others.get(role, role) for role in named]
        self.made_roles += make_missing_roles(self._server, wanted, application=self._application)

    def _chosen_way(self, toc: Toc | None) -> AbstractContextManager[Sink]:
        readers = self._readers()
        arguments, descriptors = self._arguments()
        shared: dict[str, Any] = {
            "server": self._server,
            "application": self._application,
            "hear": self._items.say,
            "on_wait": self._on_wait,
            "is_working": self._activity.is_working,
            "descriptors": descriptors,
        }
        jobs = self._options.jobs
        if readers.psql is not None:
            if jobs > 1:
                self._warn(_("As text an archive is restored in one stream, not in parallel."))
            said = _("By pg_restore %(reader)s as text, and psql %(psql)s.")
            versions = {"reader": readers.pg_restore.version, "psql": readers.psql.version}
            self._journal.say(said % versions, source="holdfast")
            return as_text(readers.pg_restore, readers.psql, arguments, **shared)
        self._journal.say(f"pg_restore {readers.pg_restore.version}", source="holdfast")
        if jobs > 1 and toc is None:
            self._warn(_("Only the custom format is restored in parallel: in one stream."))
        elif jobs > 1 and not has_room(self._manifest):
            self._warn(_("Too little room to unpack the archive here: restored in one stream."))
        elif jobs > 1:
            return in_parallel(readers.pg_restore, arguments, jobs=jobs, **shared)
        return in_one_stream(readers.pg_restore, arguments, **shared)

    def _readers(self) -> Readers:
        with self._server.connect(application=self._application) as session:
            self._server_major = session.info.server_version // 10000
        contents = self._manifest["contents"]
        return choose_for_restoring(
            int(contents["tool_major"]),
            self._server_major,
            needs_zstd=bool(contents.get("zstd_inside")),
            needs_tls=self._server.needs_tls,
        )

    def _arguments(self) -> tuple[list[str], tuple[int, ...]]:
        """Every value from outside stands behind `=` in one argument."""
        options = self._options
        found = ["--verbose", "--no-tablespaces", "--exit-on-error"]
        flags = {
            "--no-owner": not options.keep_owners,
            "--no-privileges": not options.keeps_grants,
            "--schema-only": options.schema_only,
        }
        found += [flag for flag, wanted in flags.items() if wanted]
        if options.role:
            found.append(f"--role={options.role}")
        if self.choice is None or self.choice.is_all:
            return found, ()
        listed = self._stack.enter_context(unnamed_list(self.choice.numbers))
        return [*found, f"--use-list=/proc/self/fd/{listed}"], (listed,)

    def _warn(self, said: str) -> None:
        self._journal.say(said, level="warning", source="holdfast")

    @contextmanager
    def _explained(self) -> Iterator[None]:
        try:
            yield
        except RestoreFailed as error:
            source = int(self._manifest["contents"]["tool_major"])
            if source > self._server_major > 0 and "ERROR:" in error.detail:
                versions = {"source": source, "there": self._server_major, "said": str(error)}
                raise ServerTooOld(
                    _("What PostgreSQL %(source)s wrote, %(there)s did not take: %(said)s")
                    % versions,
                    detail=error.detail,
                ) from error
            raise


@contextmanager
def bringing_archive(
    server: Server,
    manifest: dict[str, Any],
    *,
    options: RestoreOptions,
    application: str,
    journal: Journal,
    on_wait: Callable[[], None],
) -> Iterator[ArchiveBringing]:
    """A sink for the archive's bytes. Raises BackupError.

    Call it from the thread that lives longest (see `process.running`).
    """
    with ExitStack() as stack:
        yield ArchiveBringing(
            server,
            manifest,
            stack,
            options=options,
            application=application,
            journal=journal,
            on_wait=on_wait,
        )
