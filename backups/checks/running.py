"""The course of one check on a runner: the stored bytes, read to their end or restored."""

import itertools
import os
from collections.abc import Callable
from dataclasses import dataclass

import psutil
from django.utils.translation import gettext as _

from backups import keyring
from backups.checks.drilling import drill
from backups.checks.outcome import Found, found_by, write_outcome
from backups.engines import engine_for
from backups.errors import Missing
from backups.models import Backup, Check, LevelResult
from backups.recovery.sheet import write_restore_sheet
from backups.runs import failing_in_its_row
from backups.validation import Finding, check_stored
from faults import reach
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
    stored = check.backup.stored_objects.select_related("target").order_by("stored_at").first()
    try:
        if stored is None:
            raise Missing(_("Nothing of this backup is stored."))
        if check.level == LevelResult.Level.RESTORE:
            return _drill(check, claim, journal, stored)
        return _read(check, claim, journal, stored)
    except Missing as error:
        return Found(
            stored=stored, outcome=Backup.Validation.MISSING, sentence=str(error), findings=[]
        )


def _drill(check: Check, claim: Claim, journal: Journal, stored: StoredObject) -> Found:
    drilled = drill(
        stored=stored,
        manifest=check.backup.manifest or {},
        engine=engine_for(check.backup.database),
        identity=keyring.installation_identity(),
        journal=journal,
        stages=_OwnStages(claim, journal, stored.size),
    )
    return found_by(drilled, stored=stored)


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


def _read(check: Check, claim: Claim, journal: Journal, stored: StoredObject) -> Found:
    enter_stage(claim=claim, key="fetch", journal=journal, bytes_total=stored.size)
    meter = Meter(claim=claim, journal=journal, key="fetch", bytes_total=stored.size)
    by_content = check.level == LevelResult.Level.CONTENT
    findings = check_stored(
        target=stored.target,
        key=stored.key,
        expected=Written(stored.size, stored.sha256),
        manifest=check.backup.manifest or {},
        engine=engine_for(check.backup.database),
        identity=keyring.installation_identity() if by_content else None,
        on_read=meter.add,
    )
    reach("check.read")
    failed = [finding for finding in findings if not finding.passed]
    return Found(
        stored=stored,
        outcome=Backup.Validation.CORRUPT if failed else Backup.Validation.GOOD,
        sentence=failed[0].detail if failed else _said(findings),
        findings=findings,
    )


def _said(findings: list[Finding]) -> str:
    if any(finding.level == LevelResult.Level.CONTENT for finding in findings):
        return _("The stored bytes are those that were written, and read to their end.")
    return _("The stored bytes are those that were written.")


def step_back() -> None:
    """For the process of a check: it takes neither the processor nor the disk from backups."""
    os.setpriority(os.PRIO_PROCESS, 0, NICE)
    psutil.Process().ionice(psutil.IOPRIO_CLASS_IDLE)
