"""A sent backup, judged from its staging file before it is stored (see `backups.foreign_files`)."""

import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from backups.foreign_files import Judged, Reading, judge
from uploads.ingest.staging import work_folder


def judge_backup(
    path: Path, *, on_read: Callable[[int], None], on_wait: Callable[[], None]
) -> Judged:
    """Raises StorageError, OSError."""
    with _private(path) as folder:
        return judge(Reading(lambda: path.open("rb"), folder, on_read, on_wait))


@contextmanager
def _private(path: Path) -> Iterator[Path]:
    """For what has to be unpacked. What a killed reader leaves, the next one or the end of its
    session removes."""
    folder = work_folder(path)
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(mode=0o700)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
