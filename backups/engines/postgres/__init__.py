"""PostgreSQL: logical dumps by its own tools."""

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

from django.utils.translation import gettext as _

from backups.engines import (
    ContentCheck,
    DrillServer,
    Dump,
    PreflightCheck,
    Restoration,
    RestoreOptions,
    ServerFacts,
    Swap,
)
from backups.engines.postgres.clients import choose_for_dump
from backups.engines.postgres.connection import Server
from backups.engines.postgres.content import checking
from backups.engines.postgres.drill import drilling
from backups.engines.postgres.dump import dumping
from backups.engines.postgres.outside.reading import read_whole
from backups.engines.postgres.outside.recognition import recognize
from backups.engines.postgres.preflight import preflight
from backups.engines.postgres.source import database_size, version_of
from backups.engines.postgres.swap import drop_kept, swap_names, whereabouts
from backups.engines.postgres.target import forget_draft, restoring_beside
from backups.engines.postgres.throwaway import sweep
from backups.keyring import RECOVERY_FILE
from backups.models import Database
from backups.options import Options
from backups.unwrapping import Opened
from monitoring.files.journal import Journal


class PostgresEngine:
    """See `backups.engines.Engine`."""

    def test_connection(self, database: Database) -> ServerFacts:
        server = Server.of(database)
        with server.connect(application="holdfast:test") as connection:
            version = version_of(connection)
            major = connection.info.server_version // 10000
            size = database_size(connection)
        clients = choose_for_dump(major, needs_tls=server.needs_tls)
        warnings = []
        if clients.major != major:
            warnings.append(
                _("The nearest client here is version %(version)s.") % {"version": clients.version}
            )
        return ServerFacts(
            version=version,
            major=major,
            size_bytes=size,
            client_version=clients.version,
            warnings=warnings,
        )

    def dump(
        self, database: Database, options: Options, *, run: str, journal: Journal
    ) -> AbstractContextManager[Dump]:
        return dumping(Server.of(database), options, run=run, journal=journal)

    def check_content(self, contents: dict[str, Any]) -> AbstractContextManager[ContentCheck]:
        return checking(contents)

    def drill(
        self, manifest: dict[str, Any], *, journal: Journal, on_wait: Callable[[], None]
    ) -> AbstractContextManager[DrillServer]:
        return drilling(manifest, journal=journal, on_wait=on_wait)

    def preflight(
        self,
        database: Database,
        manifest: dict[str, Any],
        *,
        name: str,
        replaces: bool,
        options: RestoreOptions,
    ) -> list[PreflightCheck]:
        return preflight(
            Server.of(database), manifest, name=name, replaces=replaces, options=options
        )

    def restore(
        self,
        database: Database,
        manifest: dict[str, Any],
        *,
        name: str,
        replaces: bool,
        draft: str,
        run: str,
        options: RestoreOptions,
        journal: Journal,
        on_wait: Callable[[], None],
    ) -> AbstractContextManager[Restoration]:
        return restoring_beside(
            Server.of(database),
            manifest,
            name=name,
            replaces=replaces,
            draft=draft,
            run=run,
            options=options,
            journal=journal,
            on_wait=on_wait,
        )

    def recognize(self, opened: Opened) -> dict[str, Any]:
        return recognize(opened)

    def read_whole(
        self,
        opened: Opened,
        *,
        folder: Path,
        options: RestoreOptions,
        on_wait: Callable[[], None],
    ) -> dict[str, Any]:
        return read_whole(opened, folder=folder, options=options, on_wait=on_wait)

    def forget_draft(self, database: Database, *, draft: str) -> None:
        forget_draft(Server.of(database), draft=draft)

    def whereabouts(self, database: Database, *, ids: Sequence[int]) -> dict[int, str]:
        return whereabouts(Server.of(database), ids)

    def swap(self, database: Database, swap: Swap, *, run: str) -> None:
        swap_names(Server.of(database), swap, application=run)

    def drop_kept(
        self,
        database: Database,
        *,
        name: str,
        id: int,
        note: str,
    ) -> None:
        drop_kept(Server.of(database), name=name, id=id, note=note)

    def sweep(self) -> int:
        return sweep()

    def restore_needs(self, manifest: dict[str, Any]) -> list[str]:
        around = [] if manifest["artifact"]["compressed_inside"] else ["zstd"]
        return ["age", *around, f"pg_restore {manifest['contents']['tool_major']} or newer"]

    def restore_commands(self, manifest: dict[str, Any]) -> list[str]:
        """What a person without Holdfast types to restore the artifact."""
        artifact = manifest["artifact"]
        unpack = "" if artifact["compressed_inside"] else " | zstd -d"
        return [
            "createdb restored",
            f"age -d -i {RECOVERY_FILE} {artifact['file']}{unpack} | pg_restore --dbname=restored",
        ]
