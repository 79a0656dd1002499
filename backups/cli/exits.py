"""Exit statuses of the command line, the same for every verb."""

from backups.errors import (
    AlreadyRunning,
    BackupError,
    BadOption,
    Corrupt,
    Held,
    InUse,
    Locked,
    Missing,
    NotFound,
    Pinned,
    Protected,
)

DONE = 0
FAILED = 1
BAD_USAGE = 2
NOT_FOUND = 3
REFUSED = 4
VALIDATION_FAILED = 5

_CODES: dict[type[BackupError], int] = {
    BadOption: BAD_USAGE,
    NotFound: NOT_FOUND,
    AlreadyRunning: REFUSED,
    Held: REFUSED,
    InUse: REFUSED,
    Locked: REFUSED,
    Pinned: REFUSED,
    Protected: REFUSED,
    Corrupt: VALIDATION_FAILED,
    Missing: VALIDATION_FAILED,
}


def exit_code(error: BackupError) -> int:
    return _CODES.get(type(error), FAILED)
