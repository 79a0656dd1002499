"""What a tracked file means to the copy it belongs to (see `monitoring.files.courses`)."""

from backups.copying.outcome import write_failure
from backups.copying.queueing import enqueue
from backups.copying.running import carry_out, remove_leftovers
from backups.models import Backup, Copy
from monitoring.files.claims import Claim, ClaimLost
from monitoring.files.courses import Failure
from monitoring.files.models import TrackedFile


class CopyCourse:
    def carry_out(self, claim: Claim) -> None:
        copy = _copy_of(claim.file_id)
        if copy is None:
            raise ClaimLost("The copy is gone.")
        carry_out(copy=copy, claim=claim)

    def failed(self, file: TrackedFile, failure: Failure) -> None:
        copy = _copy_of(file.pk)
        if copy is not None:
            write_failure(copy=copy, failure=failure)

    def given_back(self, file: TrackedFile) -> None:
        copy = _copy_of(file.pk)
        if copy is not None:
            Copy.objects.filter(pk=copy.pk).update(status=Backup.Status.PENDING)
            enqueue(copy)

    def remove_leftovers(self, file: TrackedFile, attempt: int) -> None:
        copy = _copy_of(file.pk)
        for earlier in range(1, attempt + 1):
            if copy is not None:
                remove_leftovers(copy=copy, attempt=earlier)


def _copy_of(file_id: object) -> Copy | None:
    rows = Copy.objects.select_related("company", "file", "target", "backup__company")
    return rows.select_related("backup__database").filter(file=file_id).first()
