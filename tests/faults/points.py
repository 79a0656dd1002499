"""Every point that the source names with `reach`: a new one is tested by itself."""

import re
from collections.abc import Iterable
from typing import Any

from config.places import PROJECT
from tests.choice import as_exhaustive

APPS = (
    "access",
    "storage",
    "monitoring",
    "backups",
    "uploads",
    "restores",
    "controlplane",
    "config",
    "dashboard",
)
REACH = re.compile(r"""\breach\("([^"]+)"\)""")


def named_points() -> list[str]:
    found = [
        point
        for app in APPS
        for path in sorted((PROJECT / app).rglob("*.py"))
        for point in REACH.findall(path.read_text())
    ]
    assert len(found) == len(set(found)), "a point stands once in the source"
    return found


def one_always(points: Iterable[str], always: str) -> list[Any]:
    """All of them; those besides `always` in the exhaustive suite alone."""
    return [one if one == always else as_exhaustive(one) for one in every(points, always)]


def every(points: Iterable[str], known: str) -> list[str]:
    """All of them, of which one is known: a list that has come to be empty would test nothing."""
    found = sorted(set(points))
    assert known in found, f"{known} is no point of the source"
    return found


POINTS = named_points()
_elsewhere: set[str] = set()


def _beginning(*prefixes: str) -> list[str]:
    """They have tests of their own, beside what they belong to."""
    found = [one for one in POINTS if one.startswith(prefixes)]
    _elsewhere.update(found)
    return found


IN_THE_TICK = _beginning("reaper.", "leftovers.")
IN_A_CHECK = _beginning("check.", "drill.")
IN_A_RESTORE = _beginning("restore.")
IN_A_SWAP = _beginning("swap.")
IN_AN_ERRAND = _beginning("undo.", "kept.")
IN_A_GUARD = _beginning("guard.")
IN_A_SETTLING = _beginning("settle.")
IN_A_FILE = _beginning("received.", "outside.")
IN_A_COPY = _beginning("copying.")
IN_UPKEEP = _beginning("recheck.", "orphan.", "ended.")
IN_A_DELETION = _beginning("delete.")
IN_A_SCHEDULE = _beginning("schedule.")
IN_A_CLEANUP = _beginning("retention.")
IN_A_RESCAN = _beginning("rescan.")
IN_AN_IMPORT = _beginning("import.")
IN_A_CONTROL_SET = _beginning("control.")
IN_A_RECOVERY = _beginning("recover.")
IN_AN_ALERT = _beginning("alert.")
IN_AN_EXPECTATION = _beginning("expected.")
IN_A_DEPOSIT = _beginning("deposit.")
IN_A_READING = _beginning("content.")
IN_AN_UPLOAD = _beginning("upload.", "promote.", "storage.adopted")
IN_A_BUCKET = _beginning("s3.", "locking.")
IN_A_WORKER = [one for one in POINTS if one not in _elsewhere]
