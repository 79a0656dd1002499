"""What can go wrong with a restore besides what an engine says: stable codes, as for backups."""

from django.utils.translation import gettext_lazy as _

from backups.engines import PreflightCheck
from backups.errors import BackupError


class Blocked(BackupError):
    """The preflight found what would make it fail. `checks` holds all that was looked at."""

    code = "preflight_blocked"
    status = 409
    cure = _("Mend what is named, then try again.")

    def __init__(self, message: str, *, checks: list[PreflightCheck]) -> None:
        super().__init__(message)
        self.checks = checks


class CopyDiffers(BackupError):
    """What came out is not what was dumped; it was not given the name."""

    code = "copy_differs"
    cure = _("Run a restore drill of this backup, and try another one.")


class TooLarge(BackupError):
    code = "too_large"
    status = 413
    cure = _("Raise HOLDFAST_UPLOAD_MOST_MB, or put the file under a configured folder.")


class UploadBroken(BackupError):
    code = "upload_broken"
    status = 400
    cure = _("Send it again.")


class NothingReceived(BackupError):
    code = "empty"
    status = 400


class PathRefused(BackupError):
    code = "path_refused"
    cure = _("Give the full path of a file under one of the folders in HOLDFAST_RESTORE_ROOTS.")


class NotConfirmed(BackupError):
    """Something that an administrator has to agree to first."""

    code = "not_confirmed"
    status = 409
