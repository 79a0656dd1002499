"""Pings: a cron line says that it began, ended, failed, or something for the log.

One transaction of four queries at the most; what is alarmed because of it, the next round tells.
"""

import uuid
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from faults import reach
from monitoring.expected.arrivals import Arrival, record
from monitoring.expected.errors import NotFound
from monitoring.expected.models import ExpectedBackupJob, JobRun
from monitoring.expected.runs import begin_run, end_run
from monitoring.expected.states import Source, Status
from monitoring.times.clock import Clock

LONGEST_KEY = 64


class Kind(StrEnum):
    SUCCESS = "success"
    START = "start"
    FAIL = "fail"
    LOG = "log"


@transaction.atomic
def ping(
    *,
    key: str,
    kind: Kind,
    exit_status: int | None = None,
    rid: uuid.UUID | None = None,
    log: str = "",
) -> ExpectedBackupJob:
    """Write what a ping says. Raises NotFound for a key that is none.

    An exit status other than 0 is a failure. A paused job keeps the log and nothing more.
    """
    rows = ExpectedBackupJob.objects.select_for_update().annotate(clock=Clock())
    found: Any = rows.filter(ping_key=key).first() if len(key) <= LONGEST_KEY else None
    if found is None:
        raise NotFound(_("There is no such key."))
    job: ExpectedBackupJob = found
    now: datetime = found.clock
    if kind is Kind.LOG or not job.is_active:
        JobRun.objects.create(job=job, rid=rid, ended_at=now, exit_status=exit_status, log=log)
        return job
    if kind is Kind.START:
        begin_run(job_id=job.pk, rid=rid, log=log, now=now)
        _look_again(job, now)
        return job
    began = end_run(job_id=job.pk, rid=rid, exit_status=exit_status, log=log, now=now)
    failed = kind is Kind.FAIL or exit_status not in (None, 0)
    ran = (now - began).total_seconds() if began else None
    message = _message(exit_status, log) if failed else ""
    arrival = Arrival(
        Status.FAILED if failed else Status.SUCCESS, Source.PING, message=message, run_seconds=ran
    )
    record(job, arrival, now=now, fresh=False)
    reach("expected.ping-before-commit")
    return job


def _look_again(job: ExpectedBackupJob, now: datetime) -> None:
    """The scanner looks when the run should have ended, too."""
    if not job.end_within_minutes:
        return
    limit = now + timedelta(minutes=job.end_within_minutes)
    if job.next_check_at is None or limit < job.next_check_at:
        job.next_check_at = limit
        job.save(update_fields=["next_check_at"])


def _message(exit_status: int | None, log: str) -> str:
    last = next((line for line in reversed(log.splitlines()) if line.strip()), "")
    said = _("It said that it failed.")
    if exit_status:
        said = _("Exit status %(status)d.") % {"status": exit_status}
    return f"{said} {last.strip()[:1000]}".strip()
