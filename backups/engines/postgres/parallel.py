"""Several pg_restores beside each other, from the archive unpacked to a file.

The file is a secret at rest for that time. It has no name on any disk: the workers open it by the
descriptor that they inherit, and it is gone with the last process that holds it, also after a kill.
"""

import errno
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from django.conf import settings
from django.utils.translation import gettext as _

from backups.engines.postgres.clients import ClientSet
from backups.engines.postgres.connection import Server
from backups.engines.postgres.process import running
from backups.engines.postgres.restore import wait_for
from backups.errors import DiskFull
from faults import reach
from machine.folders import own_folder

# How often, in bytes, the room left is looked at.
LOOK_EACH = 64 << 20


def has_room(manifest: dict[str, Any]) -> bool:
    """Whether the archive can be unpacked here and the reserve stays, if its size is known."""
    return _free() >= int((manifest.get("artifact") or {}).get("plain_size") or 0)


class Parallel:
    """See `sinks.Sink`: what is written goes to the file, and `finish` restores from it."""

    def __init__(self, file: int, restored: Callable[[], None]) -> None:
        self._file = file
        self._restored = restored
        self._unlooked = LOOK_EACH

    def write(self, data: bytes | bytearray, /) -> int:
        self._unlooked += len(data)
        if self._unlooked >= LOOK_EACH:
            self._unlooked = 0
            if _free() < len(data):
                raise _full()
        rest = memoryview(data)
        try:
            while rest:
                rest = rest[os.write(self._file, rest) :]
        except OSError as error:
            if error.errno in (errno.ENOSPC, errno.EDQUOT):
                raise _full() from error
            raise
        return len(data)

    def finish(self) -> None:
        reach("restore.unpacked")
        self._restored()


@contextmanager
def in_parallel(
    clients: ClientSet,
    arguments: list[str],
    *,
    jobs: int,
    server: Server,
    application: str,
    hear: Callable[[str], None],
    on_wait: Callable[[], None],
    is_working: Callable[[], bool],
    descriptors: tuple[int, ...],
) -> Iterator[Parallel]:
    file = _unnamed_file()

    def restore() -> None:
        with (
            server.tool_environment(application=application) as (environment, inherited),
            running(
                [
                    *(clients.program("pg_restore"), *arguments, "--no-password", "--dbname="),
                    *(f"--jobs={jobs}", f"/proc/self/fd/{file}"),
                ],
                environment=environment,
                descriptors=(*inherited, *descriptors, file),
                secret=server.password,
                on_line=hear,
            ) as tool,
        ):
            wait_for(tool, on_wait=on_wait, is_working=is_working)

    try:
        yield Parallel(file, restore)
    finally:
        os.close(file)


def _unnamed_file() -> int:
    folder = settings.PLACES.unpacking
    try:
        own_folder(folder, 0o700)
        return os.open(folder, os.O_TMPFILE | os.O_RDWR | os.O_CLOEXEC, 0o600)
    except OSError as error:
        said = _("The archive cannot be unpacked in %(folder)s: %(said)s")
        raise DiskFull(said % {"folder": folder, "said": error.strerror}) from error


def _free() -> int:
    """Bytes that may be taken here."""
    place = settings.PLACES.data
    kept: int = settings.ENVIRONMENT.disk_reserve_mb << 20
    return shutil.disk_usage(place).free - kept


def _full() -> DiskFull:
    return DiskFull(_("There is too little room here for the unpacked archive."))
