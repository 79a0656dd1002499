"""The course of one copy on a runner: read and store in one pass, read back, register.

whole copy → sha256 → target, published only when it is what was written; then the manifest.
Every write is fenced by the claim, and every attempt has a key of its own.
"""

from typing import Any

from django.db import Error as DatabaseError
from django.utils.translation import gettext as _

from backups import manifest
from backups.copies import Lost, copies_to_read, is_lost, lose_copy
from backups.copying.outcome import write_success
from backups.engines import engine_for
from backups.errors import BackupError, Corrupt, NotReady
from backups.models import Backup, Copy
from backups.naming import copy_key
from backups.pipeline import BLOCK_BYTES, named
from backups.recovery.sheet import write_restore_sheet
from backups.runs import failing_in_its_row
from backups.validation import Hashed, check_stored
from faults import reach
from monitoring.files.claims import Claim
from monitoring.files.journal import Journal
from monitoring.files.progress import Meter
from monitoring.files.services import enter_stage
from storage.backends import Sink
from storage.errors import StorageError
from storage.models import StoredObject
from storage.services import Written, delete_bytes, open_object, put_stream


def carry_out(*, copy: Copy, claim: Claim) -> None:
    """Make the copy that the claim is for. Its failures end in its row, not here."""
    journal = Journal()
    with failing_in_its_row(claim, event="copy_broke", code="copy_failed"):
        _make(copy, claim, journal)


def _make(copy: Copy, claim: Claim, journal: Journal) -> None:
    key = copy_key(copy, claim.attempt)
    try:
        written = _copy_any(copy, claim, journal, key)
        _read_back(copy, claim, journal, key, written)
        write_success(copy=copy, claim=claim, journal=journal, key=key, written=written)
    except BaseException:
        remove_unregistered(copy, key)
        raise
    reach("copying.committed")
    write_restore_sheet(backup=copy.backup)


def _copy_any(copy: Copy, claim: Claim, journal: Journal, key: str) -> Written:
    """From the first copy that is whole to its end. Raises BackupError."""
    backup = copy.backup
    enter_stage(claim=claim, key="read", journal=journal)
    sources = [one for one in copies_to_read(backup) if one.target_id != copy.target_id]
    if not sources or not backup.manifest:
        raise NotReady(_("There is nothing to copy."))
    failures: list[BackupError] = []
    for source in sources:
        words = {"source": source.target.name, "storage": copy.target.name}
        journal.say(_("Copying from %(source)s to %(storage)s.") % words, source="copy")
        try:
            return _copy_one(copy, claim, journal, source, key)
        except _Unreadable as unreadable:
            error = unreadable.error
            failures.append(error)
            said = _("Not from %(storage)s: %(why)s") % {
                "storage": source.target.name,
                "why": error,
            }
            journal.say(said, level="warning", source="copy")
            if is_lost(error):
                lose_copy(backup=backup, lost=Lost(source, error))
    raise failures[0]


class _Unreadable(Exception):
    """The source did not give what it should: the target is not to blame."""

    def __init__(self, error: BackupError) -> None:
        super().__init__(str(error))
        self.error = error


def _copy_one(
    copy: Copy, claim: Claim, journal: Journal, source: StoredObject, key: str
) -> Written:
    enter_stage(claim=claim, key="store", journal=journal, bytes_total=source.size)
    meter = Meter(claim=claim, journal=journal, key="store", bytes_total=source.size)
    reach("copying.begun")

    def fill(sink: Sink) -> None:
        try:
            with open_object(target=source.target, key=source.key) as file:
                reader = Hashed(file, meter.add)
                while block := _block_of(reader):
                    sink.write(block)
        except _SourceBroke as error:
            raise _Unreadable(named(error.error)) from error
        found = (reader.size, reader.digest.hexdigest())
        if found != (source.size, source.sha256):
            # Nothing is published then.
            raise _Unreadable(Corrupt(_("The stored bytes are not those that were written.")))
        reach("copying.read")

    try:
        _open_to_see(source)
        written = put_stream(target=copy.target, key=key, fill=fill)
        reach("copying.stored")
        body = manifest.encode(_manifest_at(copy.backup, key))
        put_stream(
            target=copy.target,
            key=key + manifest.SUFFIX,
            fill=lambda sink: _all(sink, body),
        )
    except StorageError as error:
        raise named(error) from error
    reach("copying.manifest-stored")
    return written


class _SourceBroke(Exception):
    def __init__(self, error: StorageError) -> None:
        super().__init__(str(error))
        self.error = error


def _block_of(reader: Hashed) -> bytes:
    try:
        return reader.read(BLOCK_BYTES)
    except StorageError as error:
        raise _SourceBroke(error) from error


def _open_to_see(source: StoredObject) -> None:
    try:
        with open_object(target=source.target, key=source.key):
            pass
    except StorageError as error:
        raise _Unreadable(named(error)) from error


def _manifest_at(backup: Backup, key: str) -> dict[str, Any]:
    """The backup's own, saying where this copy lies: so a rescan of this place alone finds it."""
    found: dict[str, Any] = dict(backup.manifest or {})
    return {**found, "artifact": {**found["artifact"], "key": key}}


def _read_back(copy: Copy, claim: Claim, journal: Journal, key: str, written: Written) -> None:
    enter_stage(claim=claim, key="validate", journal=journal, bytes_total=written.size)
    meter = Meter(claim=claim, journal=journal, key="validate", bytes_total=written.size)
    finding = check_stored(
        target=copy.target,
        key=key,
        expected=written,
        manifest=copy.backup.manifest or {},
        engine=engine_for(copy.backup.database),
        identity=None,
        on_read=meter.add,
    )[0]
    reach("copying.readback")
    if not finding.passed:
        words = _("What was stored does not read back: %(detail)s")
        raise Corrupt(words % {"detail": finding.detail})


def remove_leftovers(*, copy: Copy, attempt: int) -> None:
    """What an attempt without success has left. Raises StorageError.

    Nothing goes that a row speaks of: the answer to a COMMIT may have been lost, not the COMMIT.
    """
    key = copy_key(copy, attempt)
    if StoredObject.objects.filter(target=copy.target_id, key=key).exists():
        return
    delete_bytes(target=copy.target, key=key + manifest.SUFFIX)
    reach("copying.leftover-manifest-gone")
    delete_bytes(target=copy.target, key=key)


def remove_unregistered(copy: Copy, key: str) -> None:
    """While it cannot be asked whether the copy counts, or its place is away, the bytes stay; the
    file's debt of leftovers takes them away."""
    try:
        if not StoredObject.objects.filter(target=copy.target_id, key=key).exists():
            delete_bytes(target=copy.target, key=key + manifest.SUFFIX)
            delete_bytes(target=copy.target, key=key)
    except (DatabaseError, StorageError):
        return


def _all(sink: Any, body: bytes) -> None:
    sink.write(body)
