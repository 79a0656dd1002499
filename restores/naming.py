"""The restored database gets its name: the one moment in which something of the user's changes.

1. What is about to happen is written down and committed: the server's ids, the name to keep.
2. With the file's row held, so that a cancel comes before or too late, the names change there.
3. The outcome is written, in the same transaction as 2 here.

Who dies between 2 and 3 leaves the row of 1 behind. Until somebody has asked the server by the
ids which of both it is, the restore is neither completed nor failed nor cancelled.
"""

import time
from datetime import datetime

from django.db import transaction
from django.db.models.functions import Now
from django.utils import timezone
from django.utils.translation import gettext as _

from access.redaction import redact
from backups.engines import Pair, Restoration, engine_for
from backups.errors import BackupError, SessionsStay, Unsettled
from faults import reach
from monitoring.files.claims import Claim, ClaimLost
from monitoring.files.courses import Failure
from monitoring.files.endings import amend_as_finished, finish_file
from monitoring.files.journal import Journal
from monitoring.files.models import TrackedFile
from restores.models import Restore
from restores.outcome import write_completion, write_failure

# How long sessions may come back faster than they are ended. Each try holds the row for seconds,
# far less than a lease.
TRYING_SECONDS = 30.0
# PostgreSQL cuts longer names (NAMEDATALEN).
LONGEST_NAME = 63


def give_name(*, restore: Restore, claim: Claim, journal: Journal, there: Restoration) -> None:
    """Raises BackupError: then all is as it was before, or `settle` finds out."""
    _write_down(restore, claim, there.identify())
    reach("restore.name-written")
    until = time.monotonic() + TRYING_SECONDS
    while True:
        try:
            with transaction.atomic():
                _hold(claim)
                there.publish(kept=restore.kept_name, note=restore.note)
                reach("restore.published")
                _complete(restore, claim, journal)
                reach("restore.before-commit")
        except Unsettled:
            raise
        except SessionsStay as error:
            if time.monotonic() > until:
                _take_back(restore, claim)
                raise
            journal.say(str(error), level="warning", source="holdfast")
        except BackupError:
            _take_back(restore, claim)
            raise
        else:
            return


def finish_earlier(*, restore: Restore, claim: Claim, journal: Journal) -> bool:
    """An attempt before this one may have died between the names and our own commit."""
    if restore.naming_at is None:
        return False
    forget_drafts(restore, claim.attempt - 1)
    if _has_its_name(restore):
        with transaction.atomic():
            _hold(claim)
            _complete(restore, claim, journal)
        return True
    _take_back(restore, claim)
    return False


def put_off(*, restore: Restore, failure: Failure) -> None:
    """Its run ended while names were changing: it is `settle` that writes how."""
    Restore.objects.filter(pk=restore.pk).update(
        status=Restore.Status.RUNNING,
        error_code=failure.code,
        error=redact(failure.message),
        error_detail=redact(failure.detail),
    )


def settle(*, restore: Restore) -> None:
    """Write the outcome of a run that ended while names were changing. Raises BackupError.

    Call it after `forget_drafts`: without its draft nobody who is still alive can swap.
    """
    has_its_name = _has_its_name(restore)
    with transaction.atomic():
        file = TrackedFile.objects.select_for_update(of=("self",)).select_related("company")
        ended = file.filter(restore=restore, status=TrackedFile.Status.FAILED).first()
        unsettled = Restore.objects.select_for_update(of=("self",)).filter(
            pk=restore.pk, status=Restore.Status.RUNNING, naming_at__isnull=False
        )
        found = unsettled.select_related("company", "server", "backup").first()
        if ended is None or found is None:
            return
        if has_its_name:
            write_completion(found)
            amend_as_finished(file=ended)
        else:
            failure = Failure(found.error_code, found.error, found.error_detail)
            write_failure(restore=found, failure=failure)
        reach("settle.before-commit")


def forget_drafts(restore: Restore, attempts: int) -> None:
    for attempt in range(1, attempts + 1):
        engine_for(restore.server).forget_draft(restore.server, draft=restore.draft(attempt))


def kept_name(name: str, word: str, at: datetime) -> str:
    """``shop_before_20261121_031500_120``: never twice. What is cut are whole letters."""
    end = f"_{word}_{at:%Y%m%d_%H%M%S}_{at.microsecond // 1000:03}"
    return name.encode()[: LONGEST_NAME - len(end)].decode(errors="ignore") + end


def _write_down(restore: Restore, claim: Claim, pair: Pair) -> None:
    kept = kept_name(restore.target_name, "before", timezone.now()) if pair.goes else ""
    with transaction.atomic():
        _hold(claim)
        Restore.objects.filter(pk=restore.pk).update(
            naming_at=Now(), new_id=pair.comes, old_id=pair.goes, kept_name=kept
        )
    restore.new_id, restore.old_id, restore.kept_name = pair.comes, pair.goes, kept


def _take_back(restore: Restore, claim: Claim) -> None:
    with transaction.atomic():
        claim.hold()
        Restore.objects.filter(pk=restore.pk).update(naming_at=None, kept_name="")


def _has_its_name(restore: Restore) -> bool:
    assert restore.new_id is not None
    names = engine_for(restore.server).whereabouts(restore.server, ids=[restore.new_id])
    return names.get(restore.new_id) == restore.target_name


def _hold(claim: Claim) -> None:
    if claim.hold().cancelled_by:
        raise ClaimLost("The run was cancelled.")


def _complete(restore: Restore, claim: Claim, journal: Journal) -> None:
    journal.say(_("%(name)s is there.") % {"name": restore.target_name}, source="holdfast")
    write_completion(restore)
    finish_file(claim=claim)
