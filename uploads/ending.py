"""How a session ends without a result: by its sender, by a fault, by time."""

from django.db import transaction
from django.db.models.functions import Now
from django.utils.translation import gettext as _

from access import audit
from access.models import User
from access.policy import Actor, require
from access.redaction import redact
from faults import reach
from monitoring.files.courses import CANCELLED, Failure
from monitoring.files.endings import end_badly
from uploads.errors import Over
from uploads.expecting import report_failure
from uploads.holding import hold_session, move
from uploads.ingest.staging import drop
from uploads.models import UploadSession
from uploads.node import this_node
from uploads.states import OVER, RECEIVING, Status


def end_session(*, session: UploadSession, actor: Actor) -> None:
    """Its sender, or an operator, wants nothing of it any more. Raises Over."""
    if not (isinstance(actor, User) and session.created_by_id == actor.pk):
        require(actor, "uploads.cancel_uploadsession", session.company)
    with transaction.atomic():
        held = hold_session(session)
        if not held.is_receiving:
            raise Over(_("This upload is over, or being stored."))
        who = f"cancelled by {actor.get_username()}"
        _end(held, Status.FAILED, Failure(CANCELLED, who))
        audit.record(actor=actor, action="upload.cancelled", thing=held, company=held.company)
    drop_bytes(session)


def fail_session(*, session: UploadSession, failure: Failure) -> None:
    """It cannot become anything: what came of it is dropped."""
    with transaction.atomic():
        held = hold_session(session)
        if held.status in OVER:
            return
        _end(held, Status.FAILED, failure)
        report_failure(session=held, failure=failure)
    drop_bytes(session)


def expire_sessions() -> int:
    """End those of this machine that were given up, and drop what nobody stored. By the tick."""
    over = UploadSession.objects.filter(expires_at__lt=Now(), node=this_node())
    given_up = over.filter(status__in=RECEIVING).order_by("expires_at")
    count = sum(_expire(one) for one in given_up[:100])
    # What could not be stored; and what who was killed left behind an end.
    kept = over.filter(status__in=OVER, parts__received__gt=0).distinct()
    for session in kept[:100]:
        drop_bytes(session)
    return count


def _expire(session: UploadSession) -> bool:
    with transaction.atomic():
        held = hold_session(session)
        if not held.is_receiving or held.expires_at != session.expires_at:
            return False
        words = _("Nothing more came in time; what had come was removed.")
        _end(held, Status.EXPIRED, Failure("expired", words))
    reach("upload.expired")
    drop_bytes(held)
    return True


def drop_bytes(session: UploadSession) -> None:
    """Of a session that is over."""
    for part in session.parts.all():
        drop(part.pk)
    session.parts.update(received=0)


def _end(held: UploadSession, status: Status, failure: Failure) -> None:
    """The bad end of the session and of its file, in the caller's transaction."""
    move(held, status, error=redact(failure.message), error_code=failure.code, ended_at=Now())
    if held.file is not None and not held.file.is_over:
        end_badly(file=held.file, failure=failure)
