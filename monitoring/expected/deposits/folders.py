"""A folder into which somebody else writes: opened step by step, and no link is ever followed.

Every name is opened beneath a folder that is open already, so that nothing can be put in
between; what is no plain file, or has a second name, is not there.
"""

import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

REPORTS, FILES, DONE, REFUSED = "log", "databases", "done", "refused"
LONGEST_REPORT = 64 * 1024
MOST_REPORTS = 1000
_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
# A pipe would block for ever without it.
_FILE = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC


class Agent:
    """The folder of one agent, open; `name` is the agent's id."""

    def __init__(self, name: str, descriptor: int) -> None:
        self.name = name
        self._descriptor = descriptor

    def reports(self) -> list[str]:
        """The names of its reports, in order."""
        try:
            with _folder(REPORTS, self._descriptor) as log:
                names = os.listdir(log)  # noqa: PTH208 - of an open folder
        except OSError:
            return []

        return sorted(name for name in names if name.endswith(".json"))[:MOST_REPORTS]

    @contextmanager
    def open_report(self, name: str) -> Iterator[BinaryIO]:
        """Raises OSError when there is no such plain file."""
        with _folder(REPORTS, self._descriptor) as log, _plain(name, log) as file:
            yield file

    @contextmanager
    def open_file(self, name: str) -> Iterator[BinaryIO]:
        """Raises OSError when there is no such plain file."""
        with _folder(FILES, self._descriptor) as files, _plain(name, files) as file:
            yield file

    def remove_file(self, name: str, was: os.stat_result) -> None:
        """Take it away, when it is still the one that was read."""
        with suppress(OSError), _folder(FILES, self._descriptor) as files:
            found = os.stat(name, dir_fd=files, follow_symlinks=False)
            if os.path.samestat(found, was):
                os.unlink(name, dir_fd=files)

    def put_away(self, name: str, where: str) -> None:
        """Move a report to those that are done or refused, over one of its name there."""
        with _folder(REPORTS, self._descriptor) as log:
            with suppress(FileExistsError):
                os.mkdir(where, mode=0o750, dir_fd=log)
            with _folder(where, log) as place:
                os.replace(name, name, src_dir_fd=log, dst_dir_fd=place)


@contextmanager
def agents_in(root: Path) -> Iterator[Iterator[Agent]]:
    """The agents' folders. Raises OSError when the root cannot be read."""
    # Where the root lies is the operator's to say: it may be a link.
    descriptor = os.open(root, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        yield _agents(descriptor)
    finally:
        os.close(descriptor)


def _agents(root: int) -> Iterator[Agent]:
    for name in sorted(os.listdir(root)):
        if name.startswith("."):
            continue
        with suppress(OSError), _folder(name, root) as folder:
            yield Agent(name, folder)


@contextmanager
def _folder(name: str, beneath: int) -> Iterator[int]:
    descriptor = os.open(name, _FOLDER, dir_fd=beneath)
    try:
        yield descriptor
    finally:
        os.close(descriptor)


@contextmanager
def _plain(name: str, beneath: int) -> Iterator[BinaryIO]:
    if "/" in name or name in ("", ".", "..") or "\0" in name:
        raise FileNotFoundError(name)
    descriptor = os.open(name, _FILE, dir_fd=beneath)
    with os.fdopen(descriptor, "rb", buffering=0) as file:
        found = os.fstat(descriptor)
        # A second name may lead to a file that is not the agent's own.
        if not stat.S_ISREG(found.st_mode) or found.st_nlink != 1:
            raise FileNotFoundError(name)
        yield file
