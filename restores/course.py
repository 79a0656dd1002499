"""What a tracked file means to the restore it belongs to (see `monitoring.files.courses`)."""

from access.policy import System
from backups.secret_use import record_use
from monitoring.files.claims import Claim, ClaimLost
from monitoring.files.courses import Failure
from monitoring.files.models import TrackedFile
from restores.connections import forget_connection
from restores.models import Restore
from restores.naming import forget_drafts, put_off, settle
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
        if restore is None:
            return
        if restore.naming_at is None:
            write_failure(restore=restore, failure=failure)
        else:
            put_off(restore=restore, failure=failure)

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
        forget_drafts(restore, attempt)
        # Told when it is done: it is tried again and again while the server is away.
        record_use(
            database=restore.server,
            actor=System("worker"),
            purpose="leftovers of a restore",
            run=f"{file.pk}:{attempt}",
        )
        if restore.naming_at is not None:
            settle(restore=restore)
        restore.refresh_from_db(fields=["status"])
        if restore.is_over:
            forget_connection(restore)


def _restore_of(file_id: object) -> Restore | None:
    rows = Restore.objects.select_related(
        "company", "file", "server__company", "backup", "received__company"
    )
    return rows.filter(file=file_id).first()
