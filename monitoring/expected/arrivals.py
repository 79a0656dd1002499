"""The one way in: whatever arrives of a job becomes the entry of its due time.

One entry for a job and due time, whoever reports and however often: the newest word counts, and
what was said before is its history. All in one transaction, under the job's row.
"""

import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import connection, transaction
from django.db.models import QuerySet
from django.utils.translation import gettext as _
from psycopg.types.json import Jsonb

from access.redaction import redact
from monitoring.expected.contents.asking import ask_for_check
from monitoring.expected.errors import BadField, NotFound
from monitoring.expected.evidence import Facts, Judgement, Past, Rules, judge
from monitoring.expected.jobs import lock_job
from monitoring.expected.models import BackupEntry, ExpectedBackupJob
from monitoring.expected.plans import Cycle, cycle_after, cycle_at
from monitoring.expected.states import BAD, Status, worst
from monitoring.expected.timings import plan_of
from monitoring.times.clock import database_now

# A machine's clock may be a little ahead of ours.
AHEAD = timedelta(hours=1)
LONGEST_MESSAGE = 10_000
MOST_HISTORY = 50


@dataclass(frozen=True)
class Arrival:
    """What came. `at` is the backup's own time and names its due time; without, it is now.

    `source` is one of `states.Source`; `file` says where it lies, or what it is here; `stored` is
    the id of the bytes, where they are still to be read.
    """

    status: str
    source: str
    at: datetime | None = None
    hash: str | None = None
    size: int | None = None
    message: str = ""
    file: str | None = None
    run_seconds: float | None = None
    content_passed: bool | None = None
    stored: uuid.UUID | None = None


@transaction.atomic
def record_entry(*, job_id: int, arrival: Arrival) -> BackupEntry:
    """Write what arrived. Who may say so is the caller's to check. Raises NotFound, BadField."""
    job = lock_job(job_id)
    entry_id = record(job, arrival, now=database_now())
    return BackupEntry.objects.get(pk=entry_id)


def record(job: ExpectedBackupJob, arrival: Arrival, *, now: datetime, fresh: bool = True) -> int:
    """The same for a job whose row is locked already; the entry's id.

    `fresh` asks what is known of the due time and of the successes before: a ping has neither
    size nor hash, and spares both questions.
    """
    at = arrival.at or now
    if at > now + AHEAD:
        raise BadField("backup_timestamp_utc", _("This is in the future."))
    cycle = cycle_at(plan_of(job), at)
    if cycle is None:
        raise NotFound(_("No backup is expected of this job any more."))
    judgement = _judged(job, arrival, cycle, asks=fresh)
    if now > cycle.deadline and judgement.status == Status.SUCCESS:
        late = {"code": "late", "message": _("It came after the end of grace.")}
        judgement = Judgement(judgement.status, judgement.message, [*judgement.warnings, late])
    entry_id, status = _upsert(job, arrival, judgement, cycle, now)
    if arrival.stored is not None and status == Status.SUCCESS:
        ask_for_check(entry_id=entry_id, stored_id=arrival.stored)
    _update_job(job, status, cycle, min(at, now), now)
    return entry_id


def _judged(job: ExpectedBackupJob, arrival: Arrival, cycle: Cycle, *, asks: bool) -> Judgement:
    status, message = arrival.status, arrival.message
    if asks and arrival.hash and arrival.at:
        recorded = _recorded_hash(job, cycle, arrival.at)
        if recorded and recorded.lower() != arrival.hash.lower():
            status = worst(status, Status.HASH_MISMATCH)
            message = message or _("Its hash is not the one that was recorded before.")
    facts = Facts(
        status=status,
        message=message,
        size=arrival.size,
        hash=arrival.hash,
        run_seconds=arrival.run_seconds,
        content_passed=arrival.content_passed,
    )
    has_past = asks and (arrival.size is not None or bool(arrival.hash))
    return judge(rules_of(job), facts, _past(job, cycle) if has_past else Past())


def rules_of(job: ExpectedBackupJob) -> Rules:
    return Rules(
        min_size_bytes=job.min_size_bytes,
        max_size_change_percent=job.max_size_change_percent,
        min_run_seconds=job.min_run_seconds,
        max_run_seconds=job.max_run_seconds,
        require_content_check=job.require_content_check,
    )


def _recorded_hash(job: ExpectedBackupJob, cycle: Cycle, at: datetime) -> str | None:
    """The hash that was told of this very backup before, if any."""
    rows = BackupEntry.objects.filter(job=job, expected_at=cycle.due, backup_timestamp_utc=at)
    return rows.values_list("backup_hash", flat=True).first()


def _past(job: ExpectedBackupJob, cycle: Cycle) -> Past:
    rows: QuerySet[BackupEntry] = BackupEntry.objects.filter(
        job=job, expected_at__lt=cycle.due, status=Status.SUCCESS
    ).order_by("-expected_at")
    found = list(rows.values_list("backup_size_bytes", "backup_hash")[: job.size_history])
    return Past(
        sizes=[size for size, _hash in found if size is not None],
        hash=found[0][1] if found else None,
    )


# What was judged by the bytes themselves is not made good again by somebody's word alone.
_UPSERT = """
INSERT INTO monitoring_backupentry AS old (company_id, job_id, expected_at, status, source,
  backup_timestamp_utc, backup_hash, backup_size_bytes, error_message, warnings, history,
  content_passed, run_seconds, file, received_at)
VALUES (%(company)s, %(job)s, %(due)s, %(status)s, %(source)s, %(at)s, %(hash)s, %(size)s,
  %(message)s, %(warnings)s, '[]', %(content)s, %(ran)s, %(file)s, %(now)s)
ON CONFLICT (job_id, expected_at) DO UPDATE SET
  (status, source, error_message, warnings, history, backup_timestamp_utc, backup_hash,
   backup_size_bytes, content_passed, run_seconds, file, received_at) = (
  SELECT
    CASE WHEN kept THEN old.status ELSE excluded.status END,
    CASE WHEN kept THEN old.source ELSE excluded.source END,
    CASE WHEN kept THEN old.error_message ELSE excluded.error_message END,
    CASE WHEN kept THEN old.warnings ELSE excluded.warnings END,
    CASE WHEN kept OR old.status = excluded.status
           OR jsonb_array_length(old.history) >= %(most)s THEN old.history
         ELSE old.history || jsonb_build_array(jsonb_build_object(
           'at', to_char(coalesce(old.received_at, old.created_at) AT TIME ZONE 'UTC',
                         'YYYY-MM-DD"T"HH24:MI:SS"Z"'),
           'status', old.status, 'source', old.source, 'message', old.error_message)) END,
    CASE WHEN kept THEN old.backup_timestamp_utc
         ELSE coalesce(excluded.backup_timestamp_utc, old.backup_timestamp_utc) END,
    CASE WHEN kept THEN old.backup_hash ELSE coalesce(excluded.backup_hash, old.backup_hash) END,
    CASE WHEN kept THEN old.backup_size_bytes
         ELSE coalesce(excluded.backup_size_bytes, old.backup_size_bytes) END,
    CASE WHEN kept THEN old.content_passed ELSE excluded.content_passed END,
    coalesce(excluded.run_seconds, old.run_seconds),
    coalesce(excluded.file, old.file),
    excluded.received_at
  FROM (SELECT old.source IN ('backup', 'upload', 'deposit')
               AND excluded.source IN ('ping', 'report') AND %(praised)s
               AND (old.status <> 'SUCCESS' OR excluded.status = 'SUCCESS') AS kept) AS judged)
RETURNING id, status
"""


def _upsert(
    job: ExpectedBackupJob, arrival: Arrival, judgement: Judgement, cycle: Cycle, now: datetime
) -> tuple[int, str]:
    message = redact(judgement.message)[:LONGEST_MESSAGE] or None
    values: dict[str, Any] = {
        "company": job.company_id,
        "job": job.pk,
        "due": cycle.due,
        "status": judgement.status,
        "source": arrival.source,
        "at": arrival.at or now,
        "hash": arrival.hash or None,
        "size": arrival.size,
        "message": message,
        "warnings": Jsonb(judgement.warnings),
        "content": arrival.content_passed,
        "ran": arrival.run_seconds,
        "file": arrival.file,
        "now": now,
        "praised": arrival.status == Status.SUCCESS,
        "most": MOST_HISTORY,
    }
    with connection.cursor() as cursor:
        cursor.execute(_UPSERT, values)
        entry_id, status = cursor.fetchone()
    return int(entry_id), str(status)


def _update_job(
    job: ExpectedBackupJob, status: str, cycle: Cycle, at: datetime, now: datetime
) -> None:
    """What the newest due time says is what the job says."""
    if job.status_due_at is None or cycle.due >= job.status_due_at:
        if job.current_status != status:
            job.acknowledged_at, job.acknowledged_by = None, ""
        job.current_status, job.status_due_at = status, cycle.due
    job.first_received_at = job.first_received_at or now
    if status == Status.SUCCESS:
        job.last_success_at = max(job.last_success_at or at, at)
        if job.is_too_old and not is_too_old(job, now):
            job.is_too_old = False
            job.acknowledged_at, job.acknowledged_by = None, ""
        _hear_of_recovery(job)
    if job.next_expected_at is None or job.next_expected_at <= cycle.due:
        following = cycle_after(plan_of(job), cycle)
        job.next_expected_at = following.due if following else None
    job.save(update_fields=_CHANGED)


def _hear_of_recovery(job: ExpectedBackupJob) -> None:
    """Who was told that it is bad and wants quiet hears that it is well: there is no more to be
    quiet of. What went bad and well again within the quiet stays untold, and the quiet lasts."""
    was_told = job.told_status in BAD or job.told_too_old
    if was_told and job.current_status == Status.SUCCESS and not job.is_too_old:
        job.snoozed_until = None


_CHANGED = (
    *("current_status", "status_due_at", "acknowledged_at", "acknowledged_by", "snoozed_until"),
    *("first_received_at", "last_success_at", "is_too_old", "next_expected_at"),
)


def is_too_old(job: ExpectedBackupJob, now: datetime) -> bool:
    """Whether the newest success is older than the job allows."""
    if job.max_age_hours is None:
        return False
    return (job.last_success_at or job.created_at) + timedelta(hours=job.max_age_hours) < now
