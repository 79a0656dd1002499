"""What a tracked file means to the restore it belongs to (see `monitoring.files.courses`)."""

from backups.engines import engine_for
from monitoring.files.claims import Claim, ClaimLost
from monitoring.files.courses import Failure
from monitoring.files.models import TrackedFile
from restores.models import Restore
from restores.outcome import write_failure
from restores.queueing import enqueue
from restores.running import carry_out


class RestoreCourse:
    def carry_out(self, claim: Claim) -> None:
        restore = _restore_of(claim.file_id)
        if restore is None:
            raise ClaimLost("The restore is gone.")
        carry_out(restore=restore, claim=claim)

    def failed(self, file: TrackedFile, failure: Failure) -> None:
        restore = _restore_of(file.pk)
        if restore is not None:
            write_failure(restore=restore, failure=failure)

    def given_back(self, file: TrackedFile) -> None:
        restore = _restore_of(file.pk)
        if restore is not None:
            Restore.objects.filter(pk=restore.pk).update(status=Restore.Status.PENDING)
            enqueue(restore)

    def remove_leftovers(self, file: TrackedFile, attempt: int) -> None:
        """Drop what lost attempts have made. A draft that got its name is no draft any more."""
        restore = _restore_of(file.pk)
        if restore is None:
            return
        for earlier in range(1, attempt + 1):
            engine_for(restore.server).forget_draft(restore.server, draft=restore.draft(earlier))


def _restore_of(file_id: object) -> Restore | None:
    rows = Restore.objects.select_related(
        "company", "file", "server__company", "backup", "received__company"
    )
    return rows.filter(file=file_id).first()
