"""What a restore reads from: a stored backup, or a file that was not made here.

Both are validated first and then brought in, and both must be the same bytes to their end.
"""

import fcntl
import shutil
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, Protocol

from django.utils.translation import gettext as _

from access.models import Company
from backups import keyring
from backups.copies import Lost, copies_to_read, lose_copy
from backups.downloads import compare_copy
from backups.engines import Engine, Restoration, RestoreOptions, engine_for
from backups.errors import BackupError, Corrupt, Missing
from backups.file_errors import Changed
from backups.models import Backup
from backups.pipeline import BLOCK_BYTES, named
from backups.unwrapping import Opened, unwrapped
from backups.validation import Hashed, decrypt
from monitoring.files.claims import Claim
from monitoring.files.journal import Journal
from monitoring.files.progress import Meter
from restores.models import Restore
from restores.received import places
from restores.received.models import ReceivedFile
from storage.errors import StorageError
from storage.models import StoredObject
from storage.services import open_object


class Origin(Protocol):
    @property
    def size(self) -> int: ...

    def validated(
        self, *, claim: Claim, journal: Journal
    ) -> AbstractContextManager[dict[str, Any]]:
        """The manifest to restore by, for the length of the block. Raises BackupError."""

    def bring(self, there: Restoration, meter: Meter) -> None:
        """All bytes into the restoration, and its end. Raises BackupError."""


def origin_of(restore: Restore) -> Origin:
    """Raises Missing."""
    if restore.received is not None:
        return OutsideOrigin(restore, FromOutside.of(restore.received, restore.outside))
    assert restore.backup is not None
    copies = copies_to_read(restore.backup)
    if not copies:
        raise Missing(_("Nothing of this backup is stored."))
    return StoredOrigin(restore.backup, copies)


@dataclass(frozen=True)
class FromOutside:
    """A file that was received, or one at a path under a configured folder."""

    company: Company
    received: ReceivedFile | None = None
    path: str = ""
    accept_plain_sql: bool = False
    accept_extensions: bool = False

    @classmethod
    def of(cls, received: ReceivedFile, agreed: dict[str, Any]) -> "FromOutside":
        is_upload = received.origin == ReceivedFile.Origin.UPLOAD
        return cls(
            company=received.company,
            received=received if is_upload else None,
            path="" if is_upload else received.path,
            accept_plain_sql=bool(agreed.get("accept_plain_sql")),
            accept_extensions=bool(agreed.get("accept_extensions")),
        )

    @property
    def name(self) -> str:
        return self.received.name if self.received else Path(self.path).name

    def open(self) -> AbstractContextManager[BinaryIO]:
        """One descriptor on it. Raises Missing or PathRefused."""
        if self.received is not None:
            return places.open_received(self.received.pk)
        return places.open_path(self.path)

    def recognize(self, engine: Engine) -> tuple[int, dict[str, Any]]:
        """Its size, and what it is by its beginning. Raises BackupError."""
        with self.open() as file:
            size = file.seek(0, 2)
            file.seek(0)
            with opened(Hashed(file, lambda _count: None)) as inside:
                return size, engine.recognize(inside)


def opened(source: Hashed) -> AbstractContextManager[Opened]:
    return unwrapped(source, identity=keyring.installation_identity)


class StoredOrigin:
    def __init__(self, backup: Backup, copies: Sequence[StoredObject]) -> None:
        self._backup = backup
        self._copies = copies
        self._stored = copies[0]
        self._manifest: dict[str, Any] = backup.manifest or {}

    @property
    def size(self) -> int:
        return self._stored.size

    @contextmanager
    def validated(self, *, claim: Claim, journal: Journal) -> Iterator[dict[str, Any]]:
        """It was validated when it was made; its sha256 is compared while it is brought in. Where
        there are several copies it is read once before, to choose one that is whole."""
        if len(self._copies) > 1:
            meter = Meter(claim=claim, journal=journal, key="validate", bytes_total=self.size)
            self._stored = self._first_whole(journal, meter)
        yield self._manifest

    def _first_whole(self, journal: Journal, meter: Meter) -> StoredObject:
        failures: list[BackupError] = []
        for stored in self._copies:
            meter.done = 0
            try:
                compare_copy(backup=self._backup, stored=stored, on_read=meter.add)
            except BackupError as error:
                failures.append(error)
                words = _("Not from %(storage)s: %(why)s")
                said = words % {"storage": stored.target.name, "why": error}
                journal.say(said, level="warning", source="restore")
            else:
                words = _("From the copy at %(storage)s.")
                journal.say(words % {"storage": stored.target.name}, source="restore")
                return stored
        raise failures[0]

    def bring(self, there: Restoration, meter: Meter) -> None:
        stored, identity = self._stored, keyring.installation_identity()
        try:
            with open_object(target=stored.target, key=stored.key) as file:
                source = Hashed(file, meter.add)
                decrypt(source, there, self._manifest, identity)
                there.finish()
                source.drain()
        except StorageError as error:
            raise named(error) from error
        if (source.size, source.digest.hexdigest()) != (stored.size, stored.sha256):
            corrupt = Corrupt(_("The stored bytes are not those that were written."))
            lose_copy(backup=self._backup, lost=Lost(stored, corrupt))
            raise corrupt


class OutsideOrigin:
    """Read twice through one descriptor: to its end before the server is touched, and again."""

    def __init__(self, restore: Restore, outside: FromOutside) -> None:
        self._restore = restore
        self._outside = outside
        self._file: BinaryIO | None = None
        self._digest = ""
        self._in_folder = False
        self.size = outside.received.size if outside.received else 0

    @contextmanager
    def validated(self, *, claim: Claim, journal: Journal) -> Iterator[dict[str, Any]]:
        engine = engine_for(self._restore.server)
        with self._outside.open() as file, _work_folder(claim) as folder:
            self._file, self.size = file, file.seek(0, 2)
            meter = Meter(claim=claim, journal=journal, key="validate", bytes_total=self.size)
            try:
                contents = self._read(engine, folder, meter)
            except StorageError as error:
                raise named(error) from error
            contents["accepts_extensions"] = self._outside.accept_extensions
            self._in_folder = "folder" in contents
            yield {"contents": contents, "server_version": contents["server_version"]}

    def bring(self, there: Restoration, meter: Meter) -> None:
        if self._in_folder:
            there.finish()
            return
        source = self._from_the_start(meter)
        try:
            with opened(source) as inside:
                while block := inside.reader.read(BLOCK_BYTES):
                    there.write(block)
                source.drain()
        except StorageError as error:
            raise named(error) from error
        if source.digest.hexdigest() != self._digest:
            raise Changed(_("The file was changed while it was read."))
        there.finish()

    def _read(self, engine: Engine, folder: Path, meter: Meter) -> dict[str, Any]:
        source = self._from_the_start(meter)
        with opened(source) as inside:
            contents = engine.read_whole(
                inside,
                folder=folder,
                options=RestoreOptions(**self._restore.options),
                on_wait=meter.live,
            )
            source.drain()
        self._digest = source.digest.hexdigest()
        received = self._outside.received
        if received is not None and self._digest != received.sha256:
            raise Changed(_("The file is not the one that was received."))
        return contents

    def _from_the_start(self, meter: Meter) -> Hashed:
        assert self._file is not None
        self._file.seek(0)
        return Hashed(self._file, meter.add)


@contextmanager
def _work_folder(claim: Claim) -> Iterator[Path]:
    """A private folder for the length of the block; a dead one's is removed by the tick."""
    place = places.folder() / f"work-{claim.file_id}-{claim.attempt}"
    lock = place.with_suffix(".lock")
    with lock.open("wb") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        try:
            shutil.rmtree(place, ignore_errors=True)
            place.mkdir(mode=0o700)
            yield place
        finally:
            shutil.rmtree(place, ignore_errors=True)
            lock.unlink(missing_ok=True)
