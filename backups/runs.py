"""What all runs of this project's own work share: however one breaks, its row says so."""

from collections.abc import Iterator
from contextlib import contextmanager

import structlog
from django.db import Error as DatabaseError

from access.redaction import redact
from backups.errors import BackupError
from monitoring.files.claims import Claim, ClaimLost
from monitoring.files.courses import Failure
from monitoring.files.endings import fail_run

log = structlog.get_logger(__name__)


@contextmanager
def failing_in_its_row(claim: Claim, *, event: str, code: str) -> Iterator[None]:
    """A failure of the block ends the run; `event` and `code` name what nobody expected.

    Lets ClaimLost pass, and what our own database raises: then the run was lost, not its work.
    """
    try:
        yield
    except (ClaimLost, DatabaseError):
        raise
    except BackupError as error:
        fail_run(claim=claim, failure=Failure(error.code, str(error), error.detail))
    except Exception as error:
        log.exception(event, file=str(claim.file_id))
        message = f"{type(error).__name__}: {redact(str(error))}"
        fail_run(claim=claim, failure=Failure(code, message))
