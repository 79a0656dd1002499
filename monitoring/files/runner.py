"""The runner of one file: a process of its own that does the work of a claim and ends.

It ends by itself when its supervisor is gone, and cleans up when it is asked to stop.
"""

import os
import signal
import uuid
from types import FrameType

from faults import reach
from monitoring.files.claims import ClaimLost, present_claim
from monitoring.files.courses import course_of
from monitoring.files.models import TrackedFile
from monitoring.files.supervision import PARENT_VARIABLE


class StopAsked(BaseException):
    """The supervisor wants the run to end: clean up, write no outcome."""


def run_file(*, file_id: uuid.UUID, attempt: int) -> bool:
    """Carry the claimed run out; False when it was stopped or the claim is lost."""
    signal.signal(signal.SIGTERM, _stop)
    # The kernel ends us with our supervisor, but for one that died before it was told to.
    if os.getppid() != int(os.environ.get(PARENT_VARIABLE, os.getppid())):
        return False
    try:
        claim = present_claim(file_id=file_id, attempt=attempt)
        kind = TrackedFile.objects.values_list("kind", flat=True).get(pk=file_id)
        reach("runner.started")
        course_of(kind).carry_out(claim)
        reach("runner.done")
    except (ClaimLost, StopAsked):
        return False
    return True


def _stop(_number: int, _frame: FrameType | None) -> None:
    # Once: a second one must not interrupt the cleaning up.
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    raise StopAsked
