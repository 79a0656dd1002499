"""A drill within the backup's own run, where the server keeps no key that could read it later.

The run's ephemeral identity opens what was just stored, and is gone when the run ends.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import structlog
from django.db import Error as DatabaseError
from django.utils.translation import gettext as _
from pyrage import x25519

from backups import keyring
from backups.checks.drilling import Drilled, drill
from backups.checks.outcome import found_by, write_found
from backups.checks.requesting import is_due
from backups.engines import Engine
from backups.models import Backup, Check, LevelResult
from monitoring.files.claims import ClaimLost
from monitoring.files.journal import Journal
from monitoring.files.progress import Meter
from storage.models import StoredObject

log = structlog.get_logger(__name__)


def drill_at_once(
    *,
    backup: Backup,
    stored: StoredObject,
    manifest: dict[str, Any],
    engine: Engine,
    identity: x25519.Identity,
    journal: Journal,
    meter: Meter,
) -> Drilled | None:
    """The drill, when one is due and nobody could do it later. A backup never fails by it."""
    if keyring.can_read() or not is_due(backup, manifest=manifest):
        return None
    try:
        return drill(
            stored=stored,
            manifest=manifest,
            engine=engine,
            identity=identity,
            journal=journal,
            stages=_Within(meter),
        )
    except (ClaimLost, DatabaseError):
        raise
    except Exception as error:
        log.warning("drill_failed", backup=str(backup.pk), error=str(error), exc_info=True)
        said = _("No restore drill: %(why)s") % {"why": error}
        journal.say(said, level="warning", source="check")
        return None


def write_drill(*, backup: Backup, drilled: Drilled) -> None:
    """Its rows, in the transaction in which the backup is registered."""
    stored = backup.stored_objects.get()
    check = Check.objects.create(
        company=backup.company,
        backup=backup,
        level=LevelResult.Level.RESTORE,
        started_at=backup.started_at,
    )
    write_found(check=check, found=found_by(drilled, stored=stored))


@dataclass(frozen=True)
class _Within:
    """Seen as part of the stage in which the backup reads back what it stored."""

    meter: Meter

    def fetch(self) -> Meter:
        return self.meter

    def restore(self) -> Meter:
        return self.meter

    def compare(self, tables: int) -> Callable[[str], None]:  # noqa: ARG002
        return lambda _table: self.meter.live()
