"""When a storage is full if it goes on like this: a straight line through what was read, no more.

Pure. Moments are in days, sizes in bytes.
"""

from collections.abc import Sequence
from dataclasses import dataclass

# From less than this nothing is foretold: one night says nothing of a week.
LEAST_DAYS = 3.0
LEAST_READINGS = 12
# The share of the ups and downs that the line has to explain; else there is no line.
LEAST_FIT = 0.5


@dataclass(frozen=True)
class Reading:
    day: float
    free: int


def days_left(readings: Sequence[Reading]) -> float | None:
    """Days from the last reading until nothing is free; None when it is not filling, or when
    too little is known to say."""
    if len(readings) < LEAST_READINGS or readings[-1].day - readings[0].day < LEAST_DAYS:
        return None
    count = len(readings)
    day = sum(one.day for one in readings) / count
    free = sum(one.free for one in readings) / count
    spread = sum((one.day - day) ** 2 for one in readings)
    swing = sum((one.free - free) ** 2 for one in readings)
    both = sum((one.day - day) * (one.free - free) for one in readings)
    if spread == 0 or swing == 0 or both >= 0:
        return None
    if both**2 / (spread * swing) < LEAST_FIT:
        return None
    return readings[-1].free / -(both / spread)
