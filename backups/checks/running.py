"""The course of one check on a runner: the stored bytes, read to their end or restored."""

import itertools
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import psutil
from django.utils.translation import gettext as _

from backups import keyring
from backups.checks.drilling import drill
from backups.checks.outcome import Found, found_by, write_outcome
from backups.checks.reading import nothing_whole, read_copies
from backups.copies import Lost, copies_to_read
from backups.engines import engine_for
from backups.errors import Corrupt, Missing
from backups.models import Backup, Check, LevelResult
from backups.recovery.sheet import write_restore_sheet
from backups.runs import failing_in_its_row
from backups.validation import check_stored
from monitoring.files.claims import Claim
from monitoring.files.journal import Journal
from monitoring.files.progress import Meter
from monitoring.files.services import enter_stage
from storage.models import StoredObject
from storage.services import Written

NICE = 10


def carry_out(*, check: Check, claim: Claim) -> None:
    """Run the check that the claim is for. Its failures end in its row, not here."""
    journal = Journal()
    with failing_in_its_row(claim, event="check_broke", code="check_failed"):
        found = _look(check, claim, journal)
        write_outcome(check=check, claim=claim, journal=journal, found=found)
        if found.drilled is not None:
            # It tells how long a restore takes.
            write_restore_sheet(backup=check.backup)


def _look(check: Check, claim: Claim, journal: Journal) -> Found:
    """Raises what is not the stored bytes' fault."""
    copies = [check.stored] if check.stored else copies_to_read(check.backup)
    if not copies:
        said = _("Nothing of this backup is stored.")
        return Found(None, Backup.Validation.MISSING, said, findings=[])
    if check.level == LevelResult.Level.RESTORE:
        return _drill(check, claim, journal, copies)
    return read_copies(check, claim, journal, copies)


def _drill(check: Check, claim: Claim, journal: Journal, copies: Sequence[StoredObject]) -> Found:
    """Of the first copy that is whole: where one does not restore, it is looked at why."""
    lost: list[Lost] = []
    for stored in copies:
        try:
            drilled = drill(
                stored=stored,
                manifest=check.backup.manifest or {},
                engine=engine_for(check.backup.database),
                identity=keyring.installation_identity(),
                journal=journal,
                stages=_OwnStages(claim, journal, stored.size),
            )
        except Missing as error:
            lost.append(Lost(stored, error))
            continue
        found = found_by(drilled, stored=stored)
        if not drilled.failure:
            return replace(found, whole=(stored,), lost=tuple(lost))
        damage = _damage(check, stored)
        if damage is None:
            return found
        lost.append(damage)
        if len(copies) == 1:
            return replace(found, lost=tuple(lost))
        words = _("The copy at %(storage)s is lost: %(why)s")
        said = words % {"storage": stored.target.name, "why": damage.error}
        journal.say(said, level="warning", source="check")
    return nothing_whole(lost)


def _damage(check: Check, stored: StoredObject) -> Lost | None:
    """What is wrong with the bytes of this copy, if anything."""
    findings = check_stored(
        target=stored.target,
        key=stored.key,
        expected=Written(stored.size, stored.sha256),
        manifest=check.backup.manifest or {},
        engine=engine_for(check.backup.database),
        identity=None,
    )
    return None if findings[0].passed else Lost(stored, Corrupt(findings[0].detail), findings)


@dataclass(frozen=True)
class _OwnStages:
    """See `backups.checks.drilling.Stages`."""

    claim: Claim
    journal: Journal
    size: int

    def fetch(self) -> Meter:
        return self._enter("fetch", 0)

    def restore(self) -> Meter:
        return self._enter("restore", self.size)

    def compare(self, tables: int) -> Callable[[str], None]:
        meter = self._enter("compare", tables)
        done = itertools.count()

        def begin(table: str) -> None:
            self.journal.begin_step(table)
            meter.reach(next(done))

        return begin

    def _enter(self, key: str, total: int) -> Meter:
        enter_stage(claim=self.claim, key=key, journal=self.journal, bytes_total=total)
        return Meter(claim=self.claim, journal=self.journal, key=key, bytes_total=total)


def step_back() -> None:
    """For the process of a check: it takes neither the processor nor the disk from backups."""
    os.setpriority(os.PRIO_PROCESS, 0, NICE)
    psutil.Process().ionice(psutil.IOPRIO_CLASS_IDLE)
