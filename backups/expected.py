"""Own backups of a linked database are told to the expected one, in the transaction of their end.

What an expectation makes of it never undoes a backup: a job that is gone meanwhile is no matter.
"""

from backups.models import Backup
from monitoring.expected.arrivals import Arrival, record_entry
from monitoring.expected.errors import ExpectedError
from monitoring.expected.models import ExpectedBackupJob
from monitoring.expected.states import Source, Status


def report_success(*, backup: Backup, size: int, sha256: str) -> None:
    """Its stored bytes were read back and checked."""
    began = backup.started_at or backup.created_at
    _report(
        backup,
        Arrival(
            Status.SUCCESS,
            Source.BACKUP,
            at=began,
            hash=sha256,
            size=size,
            file=f"backup:{backup.pk}",
            content_passed=True,
        ),
    )


def report_failure(*, backup: Backup, message: str) -> None:
    began = backup.started_at or backup.created_at
    file = f"backup:{backup.pk}"
    _report(backup, Arrival(Status.FAILED, Source.BACKUP, at=began, message=message, file=file))


def _report(backup: Backup, arrival: Arrival) -> None:
    job_id = backup.database.expected_job_id
    # A job may have gone to another company since: it is not told what is not its own.
    mine = ExpectedBackupJob.objects.filter(company=backup.company_id)
    if job_id is None or not mine.filter(pk=job_id).exists():
        return
    try:
        record_entry(job_id=job_id, arrival=arrival)
    except ExpectedError:
        return
