"""A restore drill of PostgreSQL: the archive in a throw-away server, compared part by part."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

from django.utils.translation import gettext as _

from backups.engines import Difference
from backups.engines.postgres.clients import choose_for_drill
from backups.engines.postgres.connection import Server, last_line
from backups.engines.postgres.fingerprints.compare import compare
from backups.engines.postgres.fingerprints.snapshot import held_snapshot
from backups.engines.postgres.fingerprints.taking import take_fingerprint
from backups.engines.postgres.preparation import (
    leaves_out,
    make_database,
    make_roles,
    make_schemas,
    missing_extensions,
)
from backups.engines.postgres.restore import WHOLE, Restore, restoring
from backups.engines.postgres.throwaway import Cluster, throwaway_cluster
from backups.errors import DrillServerFailed, RestoreFailed
from monitoring.files.journal import Journal

APPLICATION = "holdfast:drill"
DATABASE = "restored"

# What the server says when it, and not the archive, is at an end.
_SERVERS_FAULT = (
    "server closed the connection unexpectedly",
    "terminating connection",
    "could not connect to server",
    "the database system is",
    "No space left on device",
    "out of memory",
    "out of shared memory",
)


class PostgresDrill:
    """See `backups.engines.DrillServer`. With anything missing the rest is restored nevertheless,
    and what fails for want of it is not fatal."""

    def __init__(
        self,
        cluster: Cluster,
        server: Server,
        restore: Restore,
        marks: dict[str, Any],
        *,
        missing: list[str],
        substituted: str,
    ) -> None:
        self.version = cluster.version
        self.identity = cluster.identity
        self.missing = missing
        self.server = server
        self._cluster = cluster
        self._restore = restore
        self._marks = marks
        self._substituted = substituted

    def write(self, data: bytes, /) -> int:
        try:
            return self._restore.write(data)
        except RestoreFailed as error:
            self._explain(error)
            return len(data)

    def finish(self) -> None:
        try:
            self._restore.finish()
        except RestoreFailed as error:
            self._explain(error)

    def compare(self, *, on_table: Callable[[str], None]) -> list[Difference]:
        with held_snapshot(
            self.server,
            application=APPLICATION,
            wanted=lambda _schema, _name: True,
            lock_wait="10s",
        ) as snapshot:
            copy = take_fingerprint(
                snapshot.session, snapshot.tables, like=self._marks, on_table=on_table
            )
        return compare(self._marks, copy)

    def _explain(self, error: RestoreFailed) -> None:
        """Whose fault it is. Raises, unless it may have failed for want of what is missing."""
        if not self._cluster.is_alive() or any(words in error.detail for words in _SERVERS_FAULT):
            raise DrillServerFailed(
                _("The throw-away server gave up: %(said)s") % {"said": last_line(error.detail)},
                detail=error.detail,
            ) from error
        if self._substituted and self._substituted not in self.missing:
            self.missing.append(self._substituted)
        if not self.missing:
            raise error


def relations_of(marks: dict[str, Any]) -> int:
    """How many tables, views, indexes and sequences a fingerprint names."""
    objects = marks.get("objects", {})
    kinds = ("table", "view", "index")
    named = sum(len(objects.get(kind, {})) for kind in kinds)
    return max(named, len(marks["tables"])) + len(marks.get("sequences", {}))


@contextmanager
def drilling(
    manifest: dict[str, Any], *, journal: Journal, on_wait: Callable[[], None]
) -> Iterator[PostgresDrill]:
    """A server of the source's major, or the nearest newer. Raises BackupError."""
    contents = manifest["contents"]
    marks = contents["fingerprint"]
    clients = choose_for_drill(max(int(marks["major"]), int(contents["tool_major"])))
    with throwaway_cluster(
        clients, needs_bytes=int(manifest["source_bytes"]), relations=relations_of(marks)
    ) as cluster:
        journal.say(f"Throw-away server: PostgreSQL {cluster.version}", source="holdfast")
        with cluster.server.connect(application=APPLICATION) as session:
            make_roles(session, marks["roles"])
            substituted = make_database(session, DATABASE, marks["database"])
            missing = [f"extension {name}" for name in missing_extensions(session, marks)]
        if substituted:
            text = _("This machine lacks the %(name)s; restored with C instead.")
            journal.say(text % {"name": substituted}, source="holdfast")
        if leaves_out(manifest):
            missing.append(_("what the backup's options left out"))
        server = replace(cluster.server, database=DATABASE)
        make_schemas(server, manifest)
        with restoring(
            server,
            contents,
            arguments=[] if missing else WHOLE,
            application=APPLICATION,
            journal=journal,
            on_wait=on_wait,
            look=cluster.check_room,
        ) as restore:
            yield PostgresDrill(
                cluster, server, restore, marks, missing=missing, substituted=substituted
            )
