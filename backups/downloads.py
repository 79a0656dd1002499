"""Handing out an artifact: permission, a recent check, an audit entry; then the bytes."""

from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import timedelta
from typing import BinaryIO

import structlog
from asgiref.sync import sync_to_async
from django.utils import timezone
from django.utils.translation import gettext as _

from access import audit
from access.policy import Actor, require
from backups.copies import Lost, copies_to_read, find_copy, is_lost, lose_copy
from backups.engines import engine_for
from backups.errors import BackupError, Corrupt, Missing, NotReady
from backups.models import Backup
from backups.pipeline import named
from backups.validation import check_stored
from storage.errors import StorageError
from storage.models import StoredObject
from storage.services import Written, open_object

log = structlog.get_logger(__name__)

BLOCK_BYTES = 1 << 20
CHECK_HOLDS = timedelta(hours=24)


@dataclass(frozen=True)
class Download:
    """One artifact to hand out; `size` in bytes, `sha256` in hex."""

    stored: StoredObject
    file_name: str
    size: int
    sha256: str

    def open(self) -> AbstractContextManager[BinaryIO]:
        return open_object(target=self.stored.target, key=self.stored.key)

    def blocks(self, *, start: int = 0, end: int | None = None) -> Iterator[bytes]:
        """The bytes from `start` up to, not including, `end`. Raises BackupError."""
        left = (self.size if end is None else end) - start
        try:
            with self.open() as file:
                file.seek(start)
                while left > 0:
                    block = file.read(min(BLOCK_BYTES, left))
                    if not block:
                        raise Corrupt(_("The stored file is shorter than it was."))
                    left -= len(block)
                    yield block
        except StorageError as error:
            raise named(error) from error

    async def stream(self, *, start: int = 0, end: int | None = None) -> AsyncIterator[bytes]:
        """The same for an ASGI answer: Django would gather a plain iterator in memory first."""
        blocks = self.blocks(start=start, end=end)
        following = sync_to_async(lambda: next(blocks, None), thread_sensitive=False)
        try:
            while (block := await following()) is not None:
                yield block
        finally:
            blocks.close()  # type: ignore[attr-defined]  # a generator


def prepare_download(*, backup: Backup, actor: Actor) -> Download:
    """Check that the actor may have the bytes and that they are whole, and write it down.

    Bytes not checked within a day are checked first. Raises NotAllowed, NotReady, Missing, Corrupt.
    """
    require(actor, "backups.download_backup", backup.company)
    stored = checked_copy(backup=backup)
    audit.record(actor=actor, action="backup.downloaded", thing=backup, company=backup.company)
    return Download(stored, backup.file_name, stored.size, stored.sha256)


def checked_copy(*, backup: Backup) -> StoredObject:
    """The copy to read, checked before the first byte when it was not checked lately; where one
    is lost, another.

    Raises NotReady, Missing, Corrupt.
    """
    copies = copies_to_read(backup)
    if backup.status != Backup.Status.COMPLETED or not copies:
        raise NotReady(_("This backup has no file to download."))
    failures: list[BackupError] = []
    for stored in copies:
        try:
            _check_if_needed(backup, stored)
        except BackupError as error:
            log.warning("copy_passed_by", backup=str(backup.pk), key=stored.key, error=str(error))
            failures.append(error)
        else:
            return stored
    raise failures[0]


def _check_if_needed(backup: Backup, stored: StoredObject) -> None:
    if _needs_check(stored):
        compare_copy(backup=backup, stored=stored)
    try:
        with open_object(target=stored.target, key=stored.key):
            pass
    except StorageError as error:
        raise _lost(backup, stored, named(error)) from error


def _needs_check(stored: StoredObject) -> bool:
    """What was found corrupt or missing is looked at each time: its check passed nothing."""
    if stored.state != StoredObject.State.STORED or stored.checked_at is None:
        return True
    return timezone.now() - stored.checked_at > CHECK_HOLDS


def compare_copy(
    *,
    backup: Backup,
    stored: StoredObject,
    on_read: Callable[[int], None] = lambda _count: None,
) -> None:
    """Compare the stored bytes with their checksum. Raises Missing or Corrupt, and records it."""
    try:
        finding = check_stored(
            target=stored.target,
            key=stored.key,
            expected=Written(stored.size, stored.sha256),
            manifest=backup.manifest or {},
            engine=engine_for(backup.database),
            identity=None,
            on_read=on_read,
        )[0]
    except Missing as error:
        raise _lost(backup, stored, error) from error
    if not finding.passed:
        raise _lost(backup, stored, Corrupt(finding.detail))
    # Bytes that came back, such as a disk that was away, are the very ones that were read to
    # their end when the backup was made.
    find_copy(backup=backup, stored=stored)


def _lost(backup: Backup, stored: StoredObject, error: BackupError) -> BackupError:
    """Record that these bytes cannot be trusted any more."""
    if is_lost(error):
        lose_copy(backup=backup, lost=Lost(stored, error))
    return error
