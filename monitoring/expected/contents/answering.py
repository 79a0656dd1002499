"""Reading what arrived, on a worker, and what an entry makes of the answer.

Whoever dies while reading leaves the question, which is asked again. An answer is written under
the job's row, like arrivals, and counts only while the entry is still of these very bytes.
"""

import time
from datetime import datetime, timedelta

import structlog
from django.db import transaction
from django.db.models import F
from django.db.models.functions import Now
from django.utils.translation import gettext as _

from access.redaction import redact
from faults import reach
from monitoring.expected.arrivals import MOST_HISTORY, is_too_old
from monitoring.expected.contents.asking import NotNow, Verdict, reader
from monitoring.expected.description import iso
from monitoring.expected.errors import NotFound
from monitoring.expected.jobs import lock_job
from monitoring.expected.models import BackupEntry, ContentCheck, ExpectedBackupJob
from monitoring.expected.rounds import ask_for_round, only_round
from monitoring.expected.states import Status
from monitoring.times.clock import database_now

log = structlog.get_logger(__name__)

ASKED = "contents"
LOCK = 0x636F6E74  # one round at a time: two of them would read the same file
LONGEST_ROUND_SECONDS = 600.0
# A storage may be away for a while, and a file may kill who reads it: each time so much longer.
PAUSE = timedelta(minutes=5)
MOST_ATTEMPTS = 12
LONGEST_SAID = 2000
NOT_CHECKED = "content_not_checked"


def wake_content_checks() -> bool:
    """Ask for a round each minute while something waits; whether one was asked for. By the tick."""
    task = "monitoring.expected.contents.answering.run_round"
    waiting = ContentCheck.objects.filter(due_at__lte=Now())
    return ask_for_round(name=ASKED, task=task, is_needed=waiting.exists)


def run_round() -> int:
    """What the worker does; how many were answered. While another round is at work, nothing."""
    with only_round(LOCK) as alone:
        return _answer_all() if alone else 0


def _answer_all() -> int:
    began, count = time.monotonic(), 0
    while time.monotonic() - began < LONGEST_ROUND_SECONDS and (check := _next()):
        verdict = _read(check)
        if verdict is not None:
            reach("content.read")
            settle(check=check, verdict=verdict)
            count += 1
    return count


def _next() -> ContentCheck | None:
    """The one that waits longest. Its next time is written before it is read: it may kill us."""
    rows = ContentCheck.objects.filter(due_at__lte=Now()).order_by("due_at", "pk")
    check: ContentCheck | None = rows.select_related("stored__target", "entry").first()
    if check is not None:
        ContentCheck.objects.filter(pk=check.pk).update(
            attempts=F("attempts") + 1, due_at=Now() + PAUSE * (check.attempts + 1)
        )
    return check


def _read(check: ContentCheck) -> Verdict | None:
    """None: later. After many attempts it stays unknown."""
    if check.attempts >= MOST_ATTEMPTS:
        return Verdict(None, _("It could not be read, many times over."))
    try:
        return reader()(check.stored)
    except NotNow as error:
        log.warning("content_check_waits", entry=check.entry_id, error=redact(str(error)))
        return None


@transaction.atomic
def settle(*, check: ContentCheck, verdict: Verdict) -> None:
    """Write the answer, unless the entry is of other bytes by now, or gone."""
    try:
        job = lock_job(check.entry.job_id)
    except NotFound:
        return
    rows = ContentCheck.objects.select_related("entry").select_for_update(of=("self",))
    found: ContentCheck | None = rows.filter(pk=check.pk, stored=check.stored_id).first()
    if found is None:
        return
    entry = found.entry
    found.delete()
    if entry.status == Status.SUCCESS:
        said = redact(verdict.said)[:LONGEST_SAID]
        if verdict.passed is False:
            _fail(job, entry, said)
        else:
            _note(job, entry, verdict.passed, said)
    reach("content.before-commit")


def _note(job: ExpectedBackupJob, entry: BackupEntry, passed: bool | None, said: str) -> None:
    entry.content_passed = passed
    entry.warnings = [one for one in entry.warnings if one["code"] != NOT_CHECKED]
    if passed is None and job.require_content_check:
        words = " ".join(filter(None, [_("Its content was not checked."), said]))
        entry.warnings.append({"code": NOT_CHECKED, "message": words})
    entry.save(update_fields=["content_passed", "warnings"])


def _fail(job: ExpectedBackupJob, entry: BackupEntry, said: str) -> None:
    """It was a success until somebody read it: it is none, and was none."""
    if len(entry.history) < MOST_HISTORY:
        entry.history.append(
            {
                "at": iso(entry.received_at or entry.created_at),
                "status": entry.status,
                "source": entry.source,
                "message": entry.error_message,
            }
        )
    entry.status, entry.content_passed, entry.warnings = Status.FAILED, False, []
    entry.error_message = " ".join(filter(None, [_("The content check did not pass."), said]))
    entry.save(update_fields=["status", "content_passed", "warnings", "error_message", "history"])
    job.last_success_at = _newest_success(job)
    if job.is_active:
        job.is_too_old = is_too_old(job, database_now())
        if job.status_due_at == entry.expected_at and job.current_status != Status.FAILED:
            job.current_status = Status.FAILED
            job.acknowledged_at, job.acknowledged_by = None, ""
    job.save(
        update_fields=[
            *("current_status", "last_success_at", "is_too_old"),
            *("acknowledged_at", "acknowledged_by"),
        ]
    )


def _newest_success(job: ExpectedBackupJob) -> datetime | None:
    """When the newest backup was made that counts."""
    rows = BackupEntry.objects.filter(job=job, status=Status.SUCCESS).order_by("-expected_at")
    found = rows.values_list("backup_timestamp_utc", "received_at").first()
    return min(filter(None, found), default=None) if found else None
