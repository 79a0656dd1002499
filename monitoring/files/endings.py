"""How a file ends: done, failed, cancelled, or given back for another attempt.

Each writes the file's row, the domain's rows (by its course) and the event in one
transaction, for the attempt it names and no other.
"""

import structlog
from django.db import transaction
from django.db.models import F
from django.db.models.functions import Now
from django.utils.translation import gettext as _

from access.redaction import redact
from faults import reach
from monitoring.events.services import record_event
from monitoring.files.claims import Claim, ClaimLost, expired
from monitoring.files.courses import CANCELLED, Failure, course_of
from monitoring.files.models import LogLine, Stage, Step, TrackedFile

log = structlog.get_logger(__name__)


def finish_file(*, claim: Claim, name: str = "") -> None:
    """The file's good end. Call it in the transaction that writes the domain row's outcome.

    `name` is what the file is called now, when that was not known before.
    """
    file = claim.hold()
    if file.cancelled_by:
        # Who cancelled was told that it ends; the supervisor is about to end it.
        raise ClaimLost("The run was cancelled.")
    _end_stages(file, Stage.Status.COMPLETED)
    claim.write(
        name=name or file.name,
        status=TrackedFile.Status.COMPLETED,
        progress=100,
        completed_at=Now(),
        lease_until=None,
    )
    _tell(file, "completed")


def fail_run(*, claim: Claim, failure: Failure) -> bool:
    """The run of this claim failed; False when another attempt has the file."""
    with transaction.atomic():
        try:
            file = claim.hold()
        except ClaimLost:
            return False
        # A run that was being ended may fail in its last moment; people were told "cancelled".
        end_badly(file=file, failure=cancelled(file) if file.cancelled_by else failure)
    return True


def lose_run(*, claim: Claim, how: str) -> None:
    """The runner of this claim is gone without an outcome: give the file back, or end it.

    `how` it went is for the log. Nothing happens when another attempt has the file.
    """
    with transaction.atomic():
        file = claim.rows().select_for_update(of=("self",)).select_related("company").first()
        if file is not None:
            _lose(file, how)


def reap_lost_files() -> int:
    """Do the same for every file whose lease has ended. Called by the tick."""
    count = 0
    for file_id in list(expired().values_list("pk", flat=True)):
        with transaction.atomic():
            rows = expired().filter(pk=file_id).select_related("company")
            file = rows.select_for_update(of=("self",), skip_locked=True).first()
            if file is None:
                continue
            reach("reaper.found")
            _lose(file, _("its lease ended"))
            reach("reaper.before-commit")
        reach("reaper.committed")
        count += 1
    return count


def give_way(*, file_id: object) -> bool:
    """Take a running file from its worker, for what matters more; this attempt does not count.

    Its supervisor finds the claim gone within half a second, and ends the runner.
    """
    with transaction.atomic():
        rows = TrackedFile.objects.select_for_update(of=("self",)).select_related("company")
        running = rows.filter(status=TrackedFile.Status.PROCESSING, cancelled_by="")
        file = running.filter(pk=file_id).first()
        if file is None:
            return False
        TrackedFile.objects.filter(pk=file.pk).update(most_attempts=F("most_attempts") + 1)
        _give_back(file, _("it makes way"))
    return True


def cancel_file(*, file: TrackedFile, by: str) -> bool:
    """End a queued file at once, ask the supervisor of a running one; False when it is over.

    Call it in a transaction.
    """
    rows = TrackedFile.objects.select_for_update(of=("self",)).select_related("company")
    found = rows.get(pk=file.pk)
    if found.is_over:
        return False
    if not found.cancelled_by:
        found.cancelled_by = by[:200]
        TrackedFile.objects.filter(pk=found.pk).update(cancelled_by=found.cancelled_by)
    if found.status == TrackedFile.Status.QUEUED:
        end_badly(file=found, failure=cancelled(found))
    return True


def cancelled(file: TrackedFile) -> Failure:
    # In these words in every language: the documented API promises them.
    return Failure(CANCELLED, f"cancelled by {file.cancelled_by}")


def end_badly(*, file: TrackedFile, failure: Failure) -> None:
    """`file` is locked by the caller's transaction."""
    message = redact(failure.message)
    _end_stages(file, Stage.Status.FAILED)
    LogLine.objects.create(
        file=file,
        level=LogLine.Level.WARNING if failure.code == CANCELLED else LogLine.Level.ERROR,
        message=message,
        source="holdfast",
    )
    TrackedFile.objects.filter(pk=file.pk).update(
        status=TrackedFile.Status.FAILED,
        error=message,
        completed_at=Now(),
        lease_until=None,
        leftovers_of=file.attempt or None,
    )
    course_of(file.kind).failed(file, failure)
    _tell(file, "cancelled" if failure.code == CANCELLED else "failed")
    log.warning("file_failed", file=str(file.pk), kind=file.kind, code=failure.code, error=message)


def amend_as_finished(*, file: TrackedFile) -> None:
    """It was thought to have failed, and had ended well: the answer to a COMMIT was lost.

    `file` is locked by the caller's transaction, which writes the domain row's outcome.
    """
    Stage.objects.filter(file=file, status=Stage.Status.FAILED).update(
        status=Stage.Status.COMPLETED, progress=100
    )
    TrackedFile.objects.filter(pk=file.pk).update(
        status=TrackedFile.Status.COMPLETED, progress=100, error="", completed_at=Now()
    )
    _tell(file, "completed")


def remove_leftovers(*, file_id: object = None) -> int:
    """Remove what attempts without success have stored. Called by the tick, and after each end.

    The row keeps the debt until it is done: a storage that is away is asked again.
    """
    debts = TrackedFile.objects.filter(leftovers_of__isnull=False).select_related("company")
    if file_id is not None:
        debts = debts.filter(pk=file_id)
    count = 0
    for file in debts:
        attempt = file.leftovers_of
        assert attempt is not None
        try:
            course_of(file.kind).remove_leftovers(file, attempt)
        except Exception as error:  # noqa: BLE001 - one target that is away must not stop the rest
            log.warning("leftovers_stay", file=str(file.pk), attempt=attempt, error=str(error))
            continue
        reach("leftovers.removed")
        # Not when a later attempt has added to the debt meanwhile.
        done = TrackedFile.objects.filter(pk=file.pk, leftovers_of=attempt)
        count += done.update(leftovers_of=None)
    return count


def _lose(file: TrackedFile, how: str) -> None:
    if file.cancelled_by:
        end_badly(file=file, failure=cancelled(file))
    elif file.attempt < file.most_attempts:
        _give_back(file, how)
    else:
        words = _("The worker was lost %(count)d times.") % {"count": file.attempt}
        end_badly(file=file, failure=Failure("worker_lost", words))


def _give_back(file: TrackedFile, how: str) -> None:
    Step.objects.filter(stage__file=file, status=Stage.Status.IN_PROGRESS).update(
        status=Stage.Status.FAILED
    )
    # The overall progress stays: it never goes back. The stages begin anew.
    Stage.objects.filter(file=file).update(
        status=Stage.Status.PENDING,
        progress=0,
        bytes_done=0,
        bytes_total=None,
        started_at=None,
        ended_at=None,
    )
    words = _("Attempt %(attempt)d ended without an outcome (%(how)s); trying again.")
    LogLine.objects.create(
        file=file,
        level=LogLine.Level.WARNING,
        message=words % {"attempt": file.attempt, "how": how},
        source="holdfast",
    )
    TrackedFile.objects.filter(pk=file.pk).update(
        status=TrackedFile.Status.QUEUED, owner="", lease_until=None, leftovers_of=file.attempt
    )
    course_of(file.kind).given_back(file)
    _tell(file, "queued")
    log.warning("run_given_back", file=str(file.pk), kind=file.kind, attempt=file.attempt)


def _end_stages(file: TrackedFile, status: str) -> None:
    running = Stage.objects.filter(file=file, status=Stage.Status.IN_PROGRESS)
    Step.objects.filter(stage__in=running, status=Stage.Status.IN_PROGRESS).update(status=status)
    if status == Stage.Status.COMPLETED:
        running.update(status=status, ended_at=Now(), progress=100)
    else:
        running.update(status=status, ended_at=Now())


def _tell(file: TrackedFile, state: str) -> None:
    record_event(company=file.company, topic="file", subject=file.pk, state=state)
