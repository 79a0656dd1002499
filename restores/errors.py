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
