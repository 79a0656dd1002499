"""What a tracked file means to the backup it belongs to (see `monitoring.files.courses`)."""

from backups.leftovers import remove_leftovers
from backups.models import Backup
from backups.outcome import write_failure
from backups.queueing import enqueue, wake_next
from backups.run import carry_out
from monitoring.files.claims import Claim, ClaimLost
from monitoring.files.courses import Failure
from monitoring.files.models import TrackedFile


class BackupCourse:
    """A file whose backup was deleted meanwhile ends without more ado."""

    def carry_out(self, claim: Claim) -> None:
        backup = _backup_of(claim.file_id)
        if backup is None:
            raise ClaimLost("The backup is gone.")
        carry_out(backup=backup, claim=claim)

    def failed(self, file: TrackedFile, failure: Failure) -> None:
        backup = _backup_of(file.pk)
        if backup is not None:
            write_failure(backup=backup, failure=failure)
            wake_next(database_id=backup.database_id)

    def given_back(self, file: TrackedFile) -> None:
        backup = _backup_of(file.pk)
        if backup is not None:
            Backup.objects.filter(pk=backup.pk).update(status=Backup.Status.PENDING)
            enqueue(backup)

    def remove_leftovers(self, file: TrackedFile, attempt: int) -> None:
        backup = _backup_of(file.pk)
        for earlier in range(1, attempt + 1):
            if backup is not None:
                remove_leftovers(backup=backup, attempt=earlier)


def _backup_of(file_id: object) -> Backup | None:
    rows = Backup.every.select_related("database", "company", "storage", "file")
    return rows.filter(file=file_id).first()
