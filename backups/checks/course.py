"""What a tracked file means to the check it belongs to (see `monitoring.files.courses`)."""

from backups.checks.outcome import write_failure
from backups.checks.queueing import enqueue
from backups.checks.running import carry_out, step_back
from backups.engines import sweep_drill_servers
from backups.models import Backup, Check
from monitoring.files.claims import Claim, ClaimLost
from monitoring.files.courses import Failure
from monitoring.files.models import TrackedFile


class CheckCourse:
    def carry_out(self, claim: Claim) -> None:
        check = _check_of(claim.file_id)
        if check is None:
            raise ClaimLost("The check is gone.")
        step_back()
        carry_out(check=check, claim=claim)

    def failed(self, file: TrackedFile, failure: Failure) -> None:
        check = _check_of(file.pk)
        if check is not None:
            write_failure(check=check, failure=failure)

    def given_back(self, file: TrackedFile) -> None:
        check = _check_of(file.pk)
        if check is not None:
            Check.objects.filter(pk=check.pk).update(status=Backup.Status.PENDING)
            enqueue(check)

    def remove_leftovers(self, file: TrackedFile, attempt: int) -> None:  # noqa: ARG002
        # Whosever they are: what is alive holds the lock of its folder.
        sweep_drill_servers()


def _check_of(file_id: object) -> Check | None:
    rows = Check.objects.select_related("company", "file", "backup__database", "backup__company")
    return rows.filter(file=file_id).first()
