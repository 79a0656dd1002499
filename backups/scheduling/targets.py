"""Where a schedule's backup goes: its first storage, or the next that can take it."""

import uuid
from collections.abc import Iterable
from dataclasses import dataclass

from django.utils.translation import gettext as _

from backups.errors import BackupError
from backups.models import BackupSchedule
from backups.services import default_storage, refuse_full
from storage.models import StorageTarget


@dataclass(frozen=True)
class Choice:
    """`warning` says which storages were passed by, and why; empty for the first."""

    target: StorageTarget
    warning: str = ""


def storages_of(schedules: Iterable[BackupSchedule]) -> dict[uuid.UUID, list[StorageTarget]]:
    """The storages of each, in the order in which they were given."""
    through = BackupSchedule.storages.through.objects
    rows = through.filter(backupschedule__in=[one.pk for one in schedules]).order_by("pk")
    found: dict[uuid.UUID, list[StorageTarget]] = {one.pk: [] for one in schedules}
    for row in rows.select_related("storagetarget__company"):
        found[row.backupschedule_id].append(row.storagetarget)
    return found


class Chooser:
    """Chooses for many schedules; each storage is asked for its room once."""

    def __init__(self, schedules: Iterable[BackupSchedule]) -> None:
        self._of = storages_of(list(schedules))
        self._refusals: dict[uuid.UUID, BackupError | None] = {}
        self._defaults: dict[int, StorageTarget] = {}

    def choose(self, schedule: BackupSchedule, *, passing_by: int = 0) -> Choice:
        """The first that can take a backup, or, for another try, one after the first so many.

        Raises the BackupError of the first one when none can.
        """
        targets = self._of.get(schedule.pk) or [self._default(schedule)]
        turned = [targets[(number + passing_by) % len(targets)] for number in range(len(targets))]
        passed: list[tuple[StorageTarget, BackupError]] = []
        for target in turned:
            refusal = self._refusal(target)
            if refusal is None:
                return Choice(target, _warning(targets[0], target, passed))
            passed.append((target, refusal))
        raise passed[0][1]

    def _refusal(self, target: StorageTarget) -> BackupError | None:
        if target.pk not in self._refusals:
            try:
                refuse_full(target)
            except BackupError as error:
                self._refusals[target.pk] = error
            else:
                self._refusals[target.pk] = None
        return self._refusals[target.pk]

    def _default(self, schedule: BackupSchedule) -> StorageTarget:
        if schedule.company_id not in self._defaults:
            self._defaults[schedule.company_id] = default_storage(schedule.company)
        return self._defaults[schedule.company_id]


def _warning(
    first: StorageTarget, chosen: StorageTarget, passed: list[tuple[StorageTarget, BackupError]]
) -> str:
    if chosen.pk == first.pk:
        return ""
    why = "; ".join(f"{target.name}: {error}" for target, error in passed)
    words = _("Stored at %(chosen)s instead of %(first)s. %(why)s")
    return (words % {"chosen": chosen.name, "first": first.name, "why": why}).strip()
