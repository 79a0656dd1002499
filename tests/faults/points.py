"""Every point that the source names with `reach`: a new one is tested by itself."""

import re
from collections.abc import Iterable
from typing import Any

import pytest

from config.places import PROJECT

APPS = ("access", "storage", "monitoring", "backups", "restores", "config", "dashboard")
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
    found = sorted(set(points))
    assert always in found, f"{always} is no point of the source"
    return [
        one if one == always else pytest.param(one, marks=pytest.mark.exhaustive) for one in found
    ]


POINTS = named_points()
IN_THE_TICK = [one for one in POINTS if one.startswith(("reaper.", "leftovers."))]
# See test_drills and test_restores.
IN_A_CHECK = [one for one in POINTS if one.startswith(("check.", "drill."))]
IN_A_RESTORE = [one for one in POINTS if one.startswith("restore.")]
# See test_deletion.
IN_A_DELETION = [one for one in POINTS if one.startswith("delete.")]
# See test_schedules and test_cleanup.
IN_A_SCHEDULE = [one for one in POINTS if one.startswith("schedule.")]
IN_A_CLEANUP = [one for one in POINTS if one.startswith("retention.")]
ELSEWHERE = {
    *IN_THE_TICK,
    *IN_A_CHECK,
    *IN_A_RESTORE,
    *IN_A_DELETION,
    *IN_A_SCHEDULE,
    *IN_A_CLEANUP,
}
IN_A_WORKER = [one for one in POINTS if one not in ELSEWHERE]
