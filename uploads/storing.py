"""From staging to storage, on a worker: look, promote, register; then staging goes.

What cannot be reached is tried again, each time after twice as long; what is wrong with the
bytes themselves fails at once. Every write is fenced by the claim.
"""

from datetime import timedelta
from pathlib import Path

import structlog
from django.db import transaction
from django.db.models.functions import Now
from django.utils.translation import gettext as _

from access.redaction import redact
from backups.runs import failing_in_its_row
from faults import reach
from monitoring.files.claims import Claim
from monitoring.files.courses import Failure
from monitoring.files.endings import fail_run, finish_file, lose_run
from monitoring.files.journal import Journal
from monitoring.files.progress import Meter
from monitoring.files.services import enter_stage
from storage.errors import BadKey, ObjectExists, StorageError
from storage.models import StorageTarget, StoredObject
from storage.promotion import promote
from storage.services import Written, delete_bytes
from uploads.content.judging import judge_backup
from uploads.ending import drop_bytes
from uploads.errors import UploadError
from uploads.ingest import staging
from uploads.models import Part, UploadSession
from uploads.placing import key_beside, key_for, keys_of, register, target_of
from uploads.sessions import MOST_ATTEMPTS
from uploads.settling import Looked, look_at, settle
from uploads.states import Status

log = structlog.get_logger(__name__)

BACKOFF_SECONDS = 5
MOST_BACKOFF_SECONDS = 3600


class MissingBytes(UploadError):
    """Staging has lost what was acknowledged."""

    code = "bytes_missing"
    status = 500


def carry_out(*, session: UploadSession, claim: Claim) -> None:
    """Store the upload that the claim is for. Its failures end in its row, not here.

    Raises ClaimLost, and what our own database raises.
    """
    with failing_in_its_row(claim, event="upload_broke", code="upload_failed"):
        try:
            _store(session, claim, Journal())
        except (BadKey, ObjectExists) as error:
            # Time does not mend it; a person does, and stores it again.
            fail_run(claim=claim, failure=Failure(error.code, str(error)))
        except StorageError as error:
            _try_later(session, claim, error)


def _store(session: UploadSession, claim: Claim, journal: Journal) -> None:
    path = staging.staging_path(session.parts.get(kind=Part.Kind.FILE).pk)
    total = session.file_size
    enter_stage(claim=claim, key="validate", journal=journal, bytes_total=total)
    if not path.exists() or path.stat().st_size != session.file_size:
        raise MissingBytes(_("What came is not in staging any more."))
    looked = look_at(session, path)
    if session.kind == UploadSession.Kind.BACKUP:
        _judge(session, claim, journal, path)
    for said in looked.said:
        journal.say(said, level="warning", source="check")
    target = target_of(session)
    key = key_for(session, claim, looked)
    expected = Written(session.file_size, session.sha256)
    enter_stage(claim=claim, key="store", journal=journal, bytes_total=session.file_size)
    meter = Meter(claim=claim, journal=journal, key="store", bytes_total=session.file_size)
    try:
        promote(target=target, key=key, source=path, expected=expected, on_bytes=meter.add)
    except ObjectExists:
        key = key_beside(session, claim)
        promote(target=target, key=key, source=path, expected=expected, on_bytes=meter.add)
    reach("upload.stored")
    _register(session, claim, journal, looked, target, key, expected)
    drop_bytes(session)
    reach("upload.staging-gone")


def _judge(session: UploadSession, claim: Claim, journal: Journal, path: Path) -> None:
    """Once: a later try stores the same bytes. What is wrong inside is kept, and said."""
    if not session.content_detail:
        total = session.file_size
        meter = Meter(claim=claim, journal=journal, key="validate", bytes_total=total)
        judged = judge_backup(path, on_read=meter.add, on_wait=meter.live)
        session.content_passed, session.content_detail = judged.passed, judged.detail
        with transaction.atomic():
            claim.hold()
            session.save(update_fields=["content_passed", "content_detail"])
        reach("upload.judged")
    level = "info" if session.content_passed else "warning"
    journal.say(session.content_detail, level=level, source="check")


def _register(
    session: UploadSession,
    claim: Claim,
    journal: Journal,
    looked: Looked,
    target: StorageTarget,
    key: str,
    written: Written,
) -> None:
    """The good end: the file's, the session's and the result's rows, in one transaction."""
    with transaction.atomic():
        enter_stage(claim=claim, key="finalize", journal=journal)
        stored = register(target, key, written)
        StoredObject.objects.filter(pk=stored.pk).update(checked_at=Now())
        settle(session=session, stored=stored, looked=looked)
        UploadSession.objects.filter(pk=session.pk, status=Status.FINALIZING).update(
            status=Status.COMPLETED, target=target, ended_at=Now(), error="", error_code=""
        )
        finish_file(claim=claim)
        reach("upload.register-before-commit")
    reach("upload.registered")


def _try_later(session: UploadSession, claim: Claim, error: StorageError) -> None:
    """The storage is away, or full: the bytes wait here."""
    said = redact(str(error))
    assert session.file is not None
    if claim.attempt >= session.file.most_attempts:
        fail_run(claim=claim, failure=Failure(error.code, said))
        return
    tried = claim.attempt - (session.file.most_attempts - MOST_ATTEMPTS)
    wait = min(BACKOFF_SECONDS * 2 ** (tried - 1), MOST_BACKOFF_SECONDS)
    UploadSession.objects.filter(pk=session.pk).update(
        retry_at=Now() + timedelta(seconds=wait), error=said, error_code=error.code
    )
    reach("upload.retry-written")
    lose_run(claim=claim, how=said)
    log.warning("upload_waits", session=str(session.pk), seconds=wait, error=said)


def remove_unregistered(session: UploadSession, attempt: int) -> None:
    """What attempts to this one have stored without an end. Safe to repeat. Raises StorageError."""
    target = target_of(session)
    for earlier in range(1, attempt + 1):
        for key in keys_of(session, earlier):
            if not StoredObject.objects.filter(target=target, key=key).exists():
                delete_bytes(target=target, key=key)
