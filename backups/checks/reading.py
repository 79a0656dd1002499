"""Reading the copies of a backup to their end: each is compared with its checksum, and the first
that is whole is opened too, where that was asked for."""

import time
from collections.abc import Callable, Sequence

from django.conf import settings
from django.utils.translation import gettext as _

from backups import keyring
from backups.checks.outcome import Found, is_recheck
from backups.copies import Lost, is_lost
from backups.engines import engine_for
from backups.errors import BackupError, Corrupt
from backups.models import Backup, Check, LevelResult
from backups.validation import Finding, check_stored
from faults import reach
from monitoring.files.claims import Claim
from monitoring.files.journal import Journal
from monitoring.files.progress import Meter
from monitoring.files.services import enter_stage
from storage.models import StoredObject
from storage.services import Written

Level = LevelResult.Level


def read_copies(
    check: Check, claim: Claim, journal: Journal, copies: Sequence[StoredObject]
) -> Found:
    """Raises what is not the stored bytes' fault, where no copy could be read."""
    total = sum(stored.size for stored in copies)
    enter_stage(claim=claim, key="fetch", journal=journal, bytes_total=total)
    meter = Meter(claim=claim, journal=journal, key="fetch", bytes_total=total)
    on_read = slowed(meter.add) if is_recheck(check) else meter.add
    whole: list[StoredObject] = []
    first: list[Finding] = []
    lost: list[Lost] = []
    away: list[BackupError] = []
    for stored in copies:
        opens = check.level == Level.CONTENT and not whole
        try:
            findings = _read(check, stored, opens=opens, on_read=on_read)
        except BackupError as error:
            if is_lost(error):
                lost.append(Lost(stored, error))
            else:
                away.append(error)
            continue
        if not findings[0].passed:
            lost.append(Lost(stored, Corrupt(findings[0].detail), findings))
            continue
        bad = [finding for finding in findings if not finding.passed]
        if bad:
            # The bytes are those that were written: so it is with each copy.
            return Found(stored, Backup.Validation.CORRUPT, bad[0].detail, findings, lost=())
        first = first or findings
        whole.append(stored)
    reach("check.read")
    if not whole and away:
        raise away[0]
    if not whole:
        return nothing_whole(lost)
    sentence = " ".join([_said(first), *(_of_lost(one) for one in lost)])
    outcome = Backup.Validation.GOOD
    return Found(whole[0], outcome, sentence, first, whole=tuple(whole), lost=tuple(lost))


def nothing_whole(lost: Sequence[Lost]) -> Found:
    """No copy is what was written. `lost` has at least one."""
    outcome = Backup.Validation(lost[0].error.code)
    return Found(None, outcome, str(lost[0].error), findings=[], lost=tuple(lost))


def slowed(on_read: Callable[[int], None]) -> Callable[[int], None]:
    """No more bytes a second than the setting allows: nobody waits for a re-check."""
    most = settings.ENVIRONMENT.recheck_mb_a_second << 20
    began, done = time.monotonic(), 0

    def read(count: int) -> None:
        nonlocal done
        done += count
        ahead = done / most - (time.monotonic() - began)
        if ahead > 0:
            time.sleep(min(ahead, 1.0))
        on_read(count)

    return read


def _read(
    check: Check, stored: StoredObject, *, opens: bool, on_read: Callable[[int], None]
) -> list[Finding]:
    return check_stored(
        target=stored.target,
        key=stored.key,
        expected=Written(stored.size, stored.sha256),
        manifest=check.backup.manifest or {},
        engine=engine_for(check.backup.database),
        identity=keyring.installation_identity() if opens else None,
        on_read=on_read,
    )


def _said(findings: Sequence[Finding]) -> str:
    if any(finding.level == Level.CONTENT for finding in findings):
        return _("The stored bytes are those that were written, and read to their end.")
    return _("The stored bytes are those that were written.")


def _of_lost(lost: Lost) -> str:
    words = _("The copy at %(storage)s is lost: %(why)s")
    return words % {"storage": lost.stored.target.name, "why": lost.error}
