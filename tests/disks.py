"""The disks of this machine, for tests of what has to lie on another one."""

import tempfile
from pathlib import Path

from config.places import PROJECT


def another_disk() -> Path:
    """A folder that is not on the disk of the temporary files, which is that of the test's data."""
    here = Path(tempfile.gettempdir()).stat().st_dev
    places = (Path("/dev/shm"), Path("/var/tmp"), PROJECT)
    return next(place for place in places if place.is_dir() and place.stat().st_dev != here)
