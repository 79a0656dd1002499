"""Named points at which a test kills a real process, to see that nothing is lost there.

`HOLDFAST_TEST_FAULT=NAME` or `NAME:3` ends the process by signal 9 when it comes to that point
(for the third time), `NAME=stop` halts it there until it is told to go on; several are parted by
commas. Without the variable a point costs one
comparison; `manage.py up` never hands the variable on, so an installation has no faults.
"""

import os
import signal

VARIABLE = "HOLDFAST_TEST_FAULT"


def _wanted() -> tuple[dict[str, int], set[str]]:
    """How often each point may still be passed; and those of them that only halt."""
    found, halting = {}, set()
    for word in filter(None, os.environ.get(VARIABLE, "").split(",")):
        name, _, times = word.removesuffix("=stop").partition(":")
        found[name] = int(times or 1)
        if word.endswith("=stop"):
            halting.add(name)
    return found, halting


_faults, _halting = _wanted()


def reach(point: str) -> None:
    """The process is at this point; each name stands once in the source."""
    if not _faults or point not in _faults:
        return
    _faults[point] -= 1
    if _faults[point] == 0:
        os.kill(os.getpid(), signal.SIGSTOP if point in _halting else signal.SIGKILL)
