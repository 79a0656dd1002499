"""Named points at which a test kills a real process, to see that nothing is lost there.

`HOLDFAST_TEST_FAULT=NAME` or `NAME:3` ends the process by signal 9 when it comes to that point
(for the third time); several are parted by commas. Without the variable a point costs one
comparison; `manage.py up` never hands the variable on, so an installation has no faults.
"""

import os
import signal

VARIABLE = "HOLDFAST_TEST_FAULT"


def _wanted() -> dict[str, int]:
    """How often each point may still be passed."""
    found = {}
    for word in filter(None, os.environ.get(VARIABLE, "").split(",")):
        name, _, times = word.partition(":")
        found[name] = int(times or 1)
    return found


_faults = _wanted()


def reach(point: str) -> None:
    """The process is at this point; each name stands once in the source."""
    if not _faults or point not in _faults:
        return
    _faults[point] -= 1
    if _faults[point] == 0:
        os.kill(os.getpid(), signal.SIGKILL)
