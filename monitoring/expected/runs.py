"""Runs that said "start": each has a row of its own, and one that never ends is found by it."""

import uuid
from datetime import datetime, timedelta

from django.db import connection
from django.db.models.functions import Now
from django.utils.translation import gettext as _

from look.units import duration
from monitoring.expected.arrivals import Arrival, record
from monitoring.expected.models import ExpectedBackupJob, JobRun
from monitoring.expected.states import Source, Status

KEPT = timedelta(days=30)
BATCH = 5000

_START = """
INSERT INTO monitoring_jobrun (job_id, rid, started_at, log) VALUES (%s, %s, %s, %s)
ON CONFLICT (job_id, rid) WHERE ended_at IS NULL
DO UPDATE SET started_at = excluded.started_at, log = excluded.log
"""
# The end goes to the run of its id, or without one to the newest run that has none either; an
# end of which no start is known is a row by itself.
_END = """
WITH begun AS (
  SELECT id, started_at FROM monitoring_jobrun
  WHERE job_id = %(job)s AND ended_at IS NULL AND rid IS NOT DISTINCT FROM %(rid)s::uuid
  ORDER BY started_at DESC NULLS LAST, id DESC LIMIT 1
), ended AS (
  UPDATE monitoring_jobrun AS run
  SET ended_at = %(now)s, exit_status = %(exit)s, log = left(run.log || %(log)s, %(most)s)
  FROM begun WHERE run.id = begun.id RETURNING begun.started_at
), added AS (
  INSERT INTO monitoring_jobrun (job_id, rid, ended_at, exit_status, log)
  SELECT %(job)s, %(rid)s, %(now)s, %(exit)s, %(log)s WHERE NOT EXISTS (SELECT FROM begun)
)
SELECT started_at FROM ended
"""
LONGEST_LOG = 100_000


def begin_run(*, job_id: int, rid: uuid.UUID | None, log: str, now: datetime) -> None:
    with connection.cursor() as cursor:
        cursor.execute(_START, [job_id, rid, now, log])


def end_run(
    *, job_id: int, rid: uuid.UUID | None, exit_status: int | None, log: str, now: datetime
) -> datetime | None:
    """When it began, if it said so."""
    values = {"job": job_id, "rid": rid, "exit": exit_status, "log": log, "now": now}
    with connection.cursor() as cursor:
        cursor.execute(_END, {**values, "most": LONGEST_LOG})
        row = cursor.fetchone()
    return row[0] if row else None


def open_runs(jobs: list[ExpectedBackupJob], now: datetime) -> dict[int, datetime]:
    """Of the jobs that limit it, when the newest run began that may still end in time.

    Those that may not any more are failed here: none hides behind a good one.
    """
    limited = {job.pk: job for job in jobs if job.end_within_minutes}
    if not limited:
        return {}
    rows = JobRun.objects.filter(job__in=limited, ended_at=None, started_at__isnull=False)
    waiting: dict[int, datetime] = {}
    for run in rows.order_by("job_id", "started_at"):
        job = limited[run.job_id]
        assert run.started_at is not None
        limit = timedelta(minutes=job.end_within_minutes or 0)
        if run.started_at + limit > now:
            waiting[job.pk] = run.started_at
        else:
            _fail(job, run, run.started_at, limit, now)
    return waiting


def _fail(
    job: ExpectedBackupJob, run: JobRun, began: datetime, limit: timedelta, now: datetime
) -> None:
    said = _("The run that began at %(at)s UTC did not end within %(limit)s.")
    message = said % {"at": f"{began:%Y-%m-%d %H:%M}", "limit": duration(limit)}
    arrival = Arrival(Status.FAILED, Source.SCANNER, at=began, message=message)
    record(job, arrival, now=now, fresh=False)
    JobRun.objects.filter(pk=run.pk).update(ended_at=now)


def forget_old_runs() -> int:
    """Remove the logs of more than thirty days ago, in batches. By the tick."""
    removed = 0
    while True:
        old = JobRun.objects.filter(created_at__lt=Now() - KEPT).order_by("created_at")
        gone, _each = JobRun.objects.filter(pk__in=old.values("pk")[:BATCH]).delete()
        removed += gone
        if gone < BATCH:
            return removed
