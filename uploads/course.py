"""What a tracked file means to the upload it belongs to (see `monitoring.files.courses`)."""

from django.db.models import F, Q
from django.db.models.functions import Greatest, Now

from monitoring.files.arrivals import mark_received
from monitoring.files.claims import Claim, ClaimLost
from monitoring.files.courses import Failure
from monitoring.files.models import TrackedFile
from storage.errors import ObjectExists
from uploads.expecting import report_failure
from uploads.holding import kept_for, move
from uploads.models import UploadSession
from uploads.queueing import enqueue
from uploads.states import Status, before
from uploads.storing import carry_out, remove_unregistered


class UploadCourse:
    def carry_out(self, claim: Claim) -> None:
        session = _session_of(claim.file_id)
        if session is None:
            raise ClaimLost("The upload is gone.")
        carry_out(session=session, claim=claim)

    def failed(self, file: TrackedFile, failure: Failure) -> None:
        """Its bytes stay in staging until they expire: who mends the storage tries again."""
        session = _session_of(file.pk)
        if session is None or session.status not in before(Status.FAILED):
            return
        was_whole = session.status == Status.FINALIZING
        move(
            session,
            Status.FAILED,
            error=failure.message,
            error_code=failure.code,
            ended_at=Now(),
            # However long it waited: who mends the storage has the time to try again.
            expires_at=Greatest(F("expires_at"), Now() + kept_for()),
            # A template that was mended meanwhile leads elsewhere.
            **({"final_key": ""} if failure.code == ObjectExists.code else {}),
        )
        if was_whole:
            report_failure(session=session, failure=failure)

    def given_back(self, file: TrackedFile) -> None:
        """Who gave it back may have written when it is tried again; a lost one's is at once."""
        mark_received(file=file)
        UploadSession.objects.filter(file=file).update(retry_count=F("retry_count") + 1)
        session = UploadSession.objects.filter(
            Q(retry_at=None) | Q(retry_at__lte=Now()), file=file
        ).first()
        if session is not None:
            enqueue(session)

    def remove_leftovers(self, file: TrackedFile, attempt: int) -> None:
        session = _session_of(file.pk)
        if session is not None:
            remove_unregistered(session, attempt)


def _session_of(file_id: object) -> UploadSession | None:
    rows = UploadSession.objects.select_related("company", "file", "created_by", "target")
    return rows.filter(file=file_id).first()
