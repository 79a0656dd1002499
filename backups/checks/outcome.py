"""What a check's end means: its own row, the results by level, and the standing of its backup."""

from dataclasses import asdict, dataclass
from typing import Any

from django.db import transaction
from django.db.models.functions import Now
from django.urls import reverse
from django.utils.translation import gettext as _

from access import audit
from access.policy import System
from backups.checks.drilling import Drilled
from backups.checks.queueing import wake_waiting_checks
from backups.copies import (
    LOST,
    Lost,
    Standing,
    find_copy,
    lose_copy,
    standing_of_whole,
    write_levels,
    write_standing,
)
from backups.models import Backup, Check, LevelResult
from backups.validation import Finding
from faults import reach
from monitoring.alerts.models import Alert
from monitoring.alerts.services import open_alert, resolve_alert
from monitoring.files.claims import Claim
from monitoring.files.courses import CANCELLED, Failure
from monitoring.files.endings import finish_file
from monitoring.files.journal import Journal
from monitoring.files.services import enter_stage
from storage.models import StoredObject

MOST_KEPT = 500

Level = LevelResult.Level
Validation = Backup.Validation


@dataclass(frozen=True)
class Found:
    """What a check found, good or bad. `stored` is None when no row says where the bytes lie.

    `findings` are of `stored`; `whole` are all copies that passed, `lost` those that did not.
    """

    stored: StoredObject | None
    outcome: Validation
    sentence: str
    findings: list[Finding]
    drilled: Drilled | None = None
    whole: tuple[StoredObject, ...] = ()
    lost: tuple[Lost, ...] = ()


def write_outcome(*, check: Check, claim: Claim, journal: Journal, found: Found) -> None:
    """The check came to its end, whatever it found: all rows in one transaction."""
    with transaction.atomic():
        enter_stage(claim=claim, key="finalize", journal=journal)
        journal.say(found.sentence, source="check")
        write_found(check=check, found=found)
        finish_file(claim=claim)
        wake_waiting_checks()
        reach("check.before-commit")


def found_by(drilled: Drilled, *, stored: StoredObject) -> Found:
    """What a drill means, in the words of all checks."""
    passed = drilled.outcome == Validation.PROVEN
    findings = [Finding(Level.RESTORE, passed, drilled.sentence)]
    return Found(stored, drilled.outcome, drilled.sentence, findings, drilled)


def write_found(*, check: Check, found: Found) -> None:
    """What it found, in the check, the results by level, the backup, audit and alerts."""
    drilled = found.drilled
    facts: dict[str, Any] = {}
    if drilled is not None:
        facts = {
            "differences": [asdict(one) for one in drilled.differences[:MOST_KEPT]],
            "missing": drilled.missing,
            "restore_seconds": drilled.restore_seconds,
            "server_version": drilled.server_version,
            "system_identifier": drilled.system_identifier,
        }
    Check.objects.filter(pk=check.pk).update(
        status=Backup.Status.COMPLETED,
        completed_at=Now(),
        outcome=found.outcome,
        detail=found.sentence,
        sha256=found.stored.sha256 if found.stored else "",
        **facts,
    )
    _write_copies(check, found)
    _write_standing(check, found)
    _audit(check, "check.completed", level=check.level, outcome=str(found.outcome))
    if found.outcome in LOST and is_recheck(check):
        return  # `lose_copy` has told of it
    if found.outcome in LOST:
        _alert(check, found.sentence, Alert.Severity.CRITICAL)
    else:
        _resolve(check)


def write_failure(*, check: Check, failure: Failure) -> None:
    """The check itself failed, in the transaction of its file's end: nothing is known anew."""
    was_cancelled = failure.code == CANCELLED
    Check.objects.filter(pk=check.pk).update(
        status=Backup.Status.CANCELLED if was_cancelled else Backup.Status.FAILED,
        completed_at=Now(),
        error_code=failure.code,
        error=failure.message,
    )
    _audit(check, "check.cancelled" if was_cancelled else "check.failed", code=failure.code)
    if not was_cancelled:
        _alert(check, failure.message, Alert.Severity.WARNING)
    wake_waiting_checks()


def _write_copies(check: Check, found: Found) -> None:
    if found.stored is not None:
        write_levels(backup=check.backup, stored=found.stored, findings=found.findings)
    for stored in found.whole:
        find_copy(backup=check.backup, stored=stored)
    for lost in found.lost:
        lose_copy(backup=check.backup, lost=lost)


def _write_standing(check: Check, found: Found) -> None:
    """A reading that passed takes no proof away, and gives none: the bytes are the same."""
    if found.lost and found.outcome in LOST:
        return  # what that means to the backup, `lose_copy` has written
    standing = Standing(found.outcome, check.level, found.sentence, None)
    if found.outcome == Validation.GOOD:
        known = standing_of_whole(check.backup)
        if known.level == Level.RESTORE:
            standing = known
        elif known.validation == Validation.UNCHECKED:
            standing = Standing(Validation.UNCHECKED, check.level, found.sentence, None)
    write_standing(standing, backup=check.backup)


def is_recheck(check: Check) -> bool:
    """Whether nobody asked for it: see `backups.upkeep.rechecks`."""
    return check.stored_id is not None


def _alert(check: Check, said: str, severity: str) -> None:
    name = check.backup.database.name
    title = _("A check of %(name)s did not pass")
    if check.level == Level.RESTORE:
        title = _("The restore drill of %(name)s did not prove it")
    open_alert(
        key=_key(check),
        company=check.company,
        severity=severity,
        subject=title % {"name": name},
        text=said,
        url=reverse("backups:detail", args=[check.backup_id]),
        thing=check.backup.database,
        occurrence=str(check.pk),
    )


def _resolve(check: Check) -> None:
    """These bytes are well: at this level, and below a drill at the others too."""
    levels = Level.values if check.level == Level.RESTORE else [check.level]
    for key in sorted({_key(check), *(_key_of(level, check) for level in levels)}):
        resolve_alert(key=key)


def _key(check: Check) -> str:
    # A place that is away fails all its re-checks: that is one thing to tell.
    if check.stored is not None:
        return f"recheck.failed:{check.stored.target_id}"
    return _key_of(check.level, check)


def _key_of(level: str, check: Check) -> str:
    """Of the backup, not of its database: another one that is well says nothing of this one."""
    rule = "drill.failed" if level == Level.RESTORE else "check.failed"
    return f"{rule}:{check.backup_id}"


def _audit(check: Check, action: str, **changes: Any) -> None:
    audit.record(
        actor=System("worker"),
        action=action,
        thing=check,
        company=check.company,
        changes=changes,
    )
