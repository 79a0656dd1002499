"""A restore drill: stored bytes into a throw-away server, and every fingerprint compared.

stored bytes → sha256 → age → zstd → the engine's throw-away server → fingerprint → comparison.
"""

import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any, Protocol

from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from pyrage import x25519

from backups.engines import Difference, DrillServer, Engine
from backups.errors import Corrupt, RestoreFailed
from backups.models import Backup
from backups.pipeline import named
from backups.validation import Hashed, decrypt
from faults import reach
from monitoring.files.journal import Journal
from monitoring.files.progress import Meter
from storage.errors import StorageError
from storage.models import StoredObject
from storage.services import open_object

MOST_NAMED = 20


class Stages(Protocol):
    """How a drill is seen while it runs."""

    def fetch(self) -> Meter:
        """A server is made for them: the meter of its signs of life."""

    def restore(self) -> Meter:
        """The stored bytes begin to be read: the meter of them."""

    def compare(self, tables: int) -> Callable[[str], None]:
        """So many tables are compared now: called with the name of each."""


@dataclass(frozen=True)
class Drilled:
    """`failure`: why the bytes do not restore at all; empty when they do. `restore_seconds` from
    the server's start to the last index."""

    failure: str
    differences: list[Difference]
    missing: list[str]
    restore_seconds: float
    server_version: str
    system_identifier: str

    @property
    def outcome(self) -> Backup.Validation:
        if self.failure:
            return Backup.Validation.CORRUPT
        if self.missing:
            # What differs may differ for want of what is missing: nobody can tell.
            return Backup.Validation.PARTIAL
        return Backup.Validation.CORRUPT if self.differences else Backup.Validation.PROVEN

    @property
    def sentence(self) -> str:
        if self.failure:
            return _("It does not restore: %(why)s") % {"why": self.failure}
        if self.missing:
            names = ", ".join(self.missing[:MOST_NAMED])
            return _("Restored and compared, but without: %(names)s") % {"names": names}
        if self.differences:
            return _first_of(self.differences)
        return _("Restored and compared, table by table.")


def drill(
    *,
    stored: StoredObject,
    manifest: dict[str, Any],
    engine: Engine,
    identity: x25519.Identity,
    journal: Journal,
    stages: Stages,
) -> Drilled:
    """Raises BackupError for what says nothing of the stored bytes."""
    meter = stages.fetch()
    began = time.monotonic()
    with engine.drill(manifest, journal=journal, on_wait=lambda: meter.live()) as server:
        reach("drill.server-started")
        meter = stages.restore()
        failure = _restore(stored, manifest, identity, server, meter)
        seconds = time.monotonic() - began
        reach("drill.restored")
        on_table = stages.compare(len(_marks(manifest)["tables"]))
        differences = [] if failure else server.compare(on_table=on_table)
        reach("drill.compared")
        return Drilled(
            failure=failure,
            differences=differences,
            missing=[*server.missing, *_uncompared(manifest)],
            restore_seconds=seconds,
            server_version=server.version,
            system_identifier=server.identity,
        )


def _restore(
    stored: StoredObject,
    manifest: dict[str, Any],
    identity: x25519.Identity,
    server: DrillServer,
    meter: Meter,
) -> str:
    """Why the stored bytes do not restore, or nothing. Raises what is not the bytes' fault."""
    try:
        with open_object(target=stored.target, key=stored.key) as file:
            source = Hashed(file, meter.add)
            try:
                decrypt(source, server, manifest, identity)
                server.finish()
            except (Corrupt, RestoreFailed) as error:
                return str(error)
            source.drain()
    except StorageError as error:
        raise named(error) from error
    if (source.size, source.digest.hexdigest()) != (stored.size, stored.sha256):
        return _("The stored bytes are not those that were written.")
    return ""


def _first_of(differences: list[Difference]) -> str:
    said = ngettext(
        "%(count)d difference: %(kind)s %(name)s: %(said)s",
        "%(count)d differences, the first: %(kind)s %(name)s: %(said)s",
        len(differences),
    )
    return said % {"count": len(differences), **asdict(differences[0])}


def _marks(manifest: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = manifest["contents"]["fingerprint"]
    return found


def _uncompared(manifest: dict[str, Any]) -> list[str]:
    """Tables in the dump that have no fingerprint, or one that says only how many rows."""
    marks = _marks(manifest)
    found = [f"table {name}" for name in marks.get("uncompared", [])]
    if any(mark["by"] == "count" for mark in marks["tables"].values()):
        found.append(_("the values of the rows, which were only counted"))
    return found
