"""Uploaded backups answer what was expected: an entry of the job that their session names."""

import structlog

from access.policy import Actor
from monitoring.expected.arrivals import Arrival, record_entry
from monitoring.expected.errors import NotFound
from monitoring.expected.selectors import job_for
from monitoring.expected.states import Source, Status
from storage.models import StoredObject
from uploads.errors import NoJob
from uploads.models import UploadSession

log = structlog.get_logger(__name__)


def require_job(*, actor: Actor, job_id: str) -> None:
    """An agent answers its own jobs alone. Raises NoJob, alike for a missing and a foreign one."""
    try:
        job_for(actor=actor, job_id=job_id if job_id.isascii() and job_id.isdigit() else 0)
    except NotFound as error:
        raise NoJob(str(error)) from error


def report_arrival(*, session: UploadSession, stored: StoredObject) -> None:
    """In the transaction that registers the bytes: it is stored when, and only when, it counts."""
    if not session.job_id:
        return
    arrival = Arrival(
        status=Status.SUCCESS,
        source=Source.UPLOAD,
        hash=stored.sha256,
        size=stored.size,
        file=stored.key,
        stored=stored.pk,
    )
    try:
        record_entry(job_id=int(session.job_id), arrival=arrival)
    except NotFound:
        # Nobody expects it any more; what was sent stays.
        log.warning("upload_of_no_job", session=str(session.pk), job=session.job_id)
