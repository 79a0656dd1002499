"""The names of time zones that this installation knows."""

import zoneinfo
from functools import cache


@cache
def known_zones() -> frozenset[str]:
    """Looked for once in a process: the standard library opens some six hundred files each time."""
    return frozenset(zoneinfo.available_timezones())
