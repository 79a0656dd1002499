"""Uploaded backups answer what was expected: an entry of the job that their session names."""

from typing import Any

import structlog
from django.utils.translation import gettext as _

from access.models import Company
from access.policy import Actor
from monitoring.expected.arrivals import Arrival, record_entry
from monitoring.expected.errors import ExpectedError, NotFound
from monitoring.expected.models import ExpectedBackupJob
from monitoring.expected.selectors import job_for
from monitoring.expected.states import Source, Status
from monitoring.files.courses import Failure
from storage.models import StoredObject
from uploads.errors import DigestDiffers, NoJob
from uploads.models import UploadSession

log = structlog.get_logger(__name__)


def require_job(*, actor: Actor, company: Company, job_id: str) -> None:
    """An agent answers its own jobs alone. Raises NoJob, alike for a missing and a foreign one."""
    try:
        job = job_for(actor=actor, job_id=job_id if job_id.isascii() and job_id.isdigit() else 0)
    except NotFound as error:
        raise NoJob(str(error)) from error
    if job.company_id != company.pk:
        raise NoJob(_("There is no such expected backup."))


def job_of(session: UploadSession) -> ExpectedBackupJob | None:
    """The job that it answers, while there is one."""
    if session.kind != UploadSession.Kind.BACKUP or not session.job_id:
        return None
    rows = ExpectedBackupJob.objects.select_related("company")
    return rows.filter(pk=int(session.job_id), company=session.company_id).first()


def report_arrival(*, session: UploadSession, stored: StoredObject) -> None:
    """In the transaction that registers the bytes: it is stored when, and only when, it counts."""
    _report(
        session,
        status=Status.SUCCESS,
        hash=stored.sha256,
        size=stored.size,
        file=stored.key,
        content_passed=session.content_passed,
        message=session.content_detail if session.content_passed is False else "",
    )


def report_failure(*, session: UploadSession, failure: Failure) -> None:
    """All of it came, and it cannot be stored. In the transaction of its end."""
    status = Status.HASH_MISMATCH if failure.code == DigestDiffers.code else Status.FAILED
    _report(
        session,
        status=status,
        message=failure.message,
        hash=session.sha256 or None,
        size=session.file_size,
    )


def _report(session: UploadSession, **facts: Any) -> None:
    job = job_of(session)
    if job is None:
        if session.job_id:
            # Nobody expects it any more; what was sent stays.
            log.warning("upload_of_no_job", session=str(session.pk), job=session.job_id)
        return
    # By the moment at which it was opened it belongs to its due time, however long it was sent.
    arrival = Arrival(source=Source.UPLOAD, at=session.created_at, **facts)
    try:
        record_entry(job_id=job.pk, arrival=arrival)
    except ExpectedError as error:
        log.warning("upload_not_expected", session=str(session.pk), error=str(error))
