"""One writer of a part: its turn, its lock, what of it is durable.

The turn is a number in the row: a newer request takes the next one, and an older writer that
sees it saves what it has and lets the file's lock go. Only who holds the lock writes, the file or
its row. `received` in the row counts bytes that were flushed; what lies behind is cut off.
"""

import errno
import hashlib
import os
import threading
import time
import uuid
from typing import Any

import structlog
from django.db import transaction
from django.db.models import F
from django.db.models.functions import Now
from django.utils.translation import gettext as _

from faults import reach
from monitoring.files.arrivals import begin_arrival, record_arrival
from uploads.content.metadata import MOST_BYTES as METADATA_BYTES
from uploads.errors import TakenOver, TooLarge, WrongOffset
from uploads.holding import hold_session, kept_for, move, require_receiving
from uploads.ingest import staging
from uploads.ingest.digests import keep_digest, kept_digest
from uploads.limits import require_room
from uploads.models import Part, UploadSession
from uploads.rates import rate_after
from uploads.states import Status

log = structlog.get_logger(__name__)

CHECKPOINT_SECONDS = 1.0
ROOM_EACH = 64 << 20
SLICE = 32 << 20
BLOCK = 1 << 20


class Writer:
    """Its methods block: they run in threads, one at a time. Always `close` it."""

    def __init__(self, part_id: uuid.UUID) -> None:
        self.part_id = part_id
        self.part: Part | None = None
        self.turn = 0
        self.position = 0
        # What is in the file, and of it what the row says.
        self.have = 0
        self.digest: Any = None
        self.hold_back = False
        self._descriptor = -1
        self._closed = False
        self._due = 0.0
        self._began = 0.0
        self._unlooked = 0
        self._earlier: Any = hashlib.sha256()
        self._reread = 0
        self._lock = threading.Lock()

    def ask_turn(self) -> None:
        with transaction.atomic():
            Part.objects.filter(pk=self.part_id).update(turn=F("turn") + 1)
            self.turn = Part.objects.values_list("turn", flat=True).get(pk=self.part_id)

    def take(self) -> bool:
        """The file's lock; False while another writer has it."""
        with self._lock:
            if self._closed:
                return False
            found = staging.take(self.part_id)
            self._descriptor = -1 if found is None else found
            return found is not None

    def begin(self, *, offset: int | None) -> None:
        """Bytes will come from `offset` on; None: a whole body, from its beginning.

        Raises TakenOver, Over, Gone or WrongOffset.
        """
        with self._lock:
            self._begin(offset)

    def _begin(self, offset: int | None) -> None:
        with transaction.atomic():
            session, part = self._held()
            require_receiving(session)
            there = os.fstat(self._descriptor).st_size
            if there < part.received:
                # Somebody took bytes away behind our back: they have to come again.
                log.error("staging_short", part=str(part.pk), there=there, received=part.received)
                part.received = there
                Part.objects.filter(pk=part.pk).update(received=there, sha256="")
            elif there > part.received:
                # Never acknowledged, and perhaps never flushed.
                os.ftruncate(self._descriptor, part.received)
            if offset is not None and offset != part.received:
                raise WrongOffset(
                    _("The next byte is number %(received)d.") % {"received": part.received},
                    bytes_received=part.received,
                    file_size=part.size,
                )
        self.part, self.have = part, part.received
        self.position = 0 if offset is None else offset
        self.digest = kept_digest(part.pk, self.position)
        self._began = time.monotonic()
        self._due = self._began + CHECKPOINT_SECONDS

    def _held(self) -> tuple[UploadSession, Part]:
        """Raises TakenOver."""
        part = Part.objects.select_related("session").get(pk=self.part_id)
        session = hold_session(part.session)
        part = Part.objects.select_for_update().get(pk=self.part_id)
        part.session = session
        if part.turn != self.turn:
            raise TakenOver(_("A newer request sends this file."))
        return session, part

    def catch_up(self) -> bool:
        """Read again a slice of what came before, for the digest; whether there is more of it.

        Raises TakenOver.
        """
        with self._lock:
            if self.digest is not None:
                return False
            end = min(self._reread + SLICE, self.position)
            while self._reread < end:
                size = min(BLOCK, end - self._reread)
                block = os.pread(self._descriptor, size, self._reread)
                if not block:
                    raise OSError(errno.EIO, "the staging file is shorter than it was")
                self._earlier.update(block)
                self._reread += len(block)
            self._look()
            if self._reread < self.position:
                return True
            self.digest = self._earlier
            return False

    def write(self, block: bytes) -> None:
        """The next bytes; none is a sign of life alone. They are durable after `save`.

        Raises TooLarge before a byte behind the limit is written, NoRoom, TakenOver, Over.
        """
        with self._lock:
            most = self.most
            if self.position + len(block) > most:
                words = _("More bytes came than the %(most)d that were announced.")
                raise TooLarge(words % {"most": most}, bytes_received=self.have, file_size=most)
            try:
                self._write(block)
                if time.monotonic() >= self._due:
                    self._save()
                    self._look()
            except OSError as error:
                raise staging.no_room(error) from error

    @property
    def _is_file(self) -> bool:
        assert self.part is not None
        return self.part.kind == Part.Kind.FILE

    @property
    def most(self) -> int:
        """How large the part may get, in bytes."""
        assert self.part is not None
        return METADATA_BYTES if self.part.size is None or not self._is_file else self.part.size

    def _write(self, block: bytes) -> None:
        self._unlooked += len(block)
        if self._unlooked >= ROOM_EACH:
            self._unlooked = 0
            require_room(staging.staging_folder(), 0)
        if self.position < self.have:
            block = self._skip_known(block)
        if block:
            staging.write_all(self._descriptor, block, self.position)
            reach("upload.written")
            self._count(block)
            self.have = self.position

    def _skip_known(self, block: bytes) -> bytes:
        """What a whole body repeats stays as it is. From where it differs it is another file."""
        known = os.pread(
            self._descriptor, min(len(block), self.have - self.position), self.position
        )
        if block.startswith(known):
            self._count(known)
            return block[len(known) :]
        # First the row: nobody may take for whole what is being written over.
        self.have = self.position
        self._record()
        reach("upload.differs")
        os.ftruncate(self._descriptor, self.position)
        return block

    def _count(self, block: bytes) -> None:
        self.digest.update(block)
        self.position += len(block)

    def save(self) -> None:
        """Flush what is here, and write it down: from now on it is acknowledged."""
        with self._lock:
            if self._descriptor >= 0 and self.part is not None:
                self._save()

    def _save(self) -> None:
        self._due = time.monotonic() + CHECKPOINT_SECONDS
        if self.hold_back:
            return
        os.fdatasync(self._descriptor)
        reach("upload.flushed")
        self._record()
        reach("upload.recorded")

    def _record(self) -> None:
        assert self.part is not None
        with transaction.atomic():
            session = hold_session(self.part.session)
            require_receiving(session)
            changed = self.have != self.part.received
            Part.objects.filter(pk=self.part_id).update(received=self.have)
            if not changed:
                return
            Part.objects.filter(pk=self.part_id).exclude(sha256="").update(sha256="")
            more, took = self.have - self.part.received, time.monotonic() - self._began
            rate = rate_after(size=max(0, more), seconds=took)
            UploadSession.objects.filter(pk=session.pk).update(
                rate=rate, last_byte_at=Now(), expires_at=Now() + kept_for()
            )
            if self._is_file:
                if session.status != Status.UPLOADING:
                    move(session, Status.UPLOADING)
                assert session.file is not None
                begin_arrival(file=session.file, bytes_total=session.file_size)
                record_arrival(
                    file_id=session.file.pk,
                    bytes_done=self.have,
                    bytes_total=session.file_size,
                )
        self.part.received = self.have

    def finish(self) -> Part:
        """The body has ended. All of the file's bytes may be here now. Raises Over, NoRoom."""
        with self._lock:
            assert self.part is not None
            self.hold_back = False
            try:
                if self.part.kind == Part.Kind.METADATA:
                    os.ftruncate(self._descriptor, self.position)
                    self.have = self.position
                self._save()
            except OSError as error:
                raise staging.no_room(error) from error
            if self.position == self.have and self._is_end():
                self._complete()
            return self.part

    def _is_end(self) -> bool:
        assert self.part is not None
        return self.part.kind == Part.Kind.METADATA or self.have == self.part.size

    def _complete(self) -> None:
        assert self.part is not None
        self.part.sha256 = self.digest.hexdigest()
        self.part.size = self.have
        with transaction.atomic():
            session = hold_session(self.part.session)
            require_receiving(session)
            Part.objects.filter(pk=self.part_id).update(sha256=self.part.sha256, size=self.have)
            if self.part.kind == Part.Kind.FILE and session.status != Status.UPLOADED:
                move(session, Status.UPLOADED)
            self.part.session = session
        reach("upload.complete")

    def take_back(self, position: int) -> None:
        """What came behind this offset is forgotten: its checksum was wrong, or cannot be known."""
        with self._lock:
            os.ftruncate(self._descriptor, position)
            self.have = self.position = position
            self.digest = None
            self.part = None

    def _look(self) -> None:
        """Raises TakenOver."""
        turn = Part.objects.values_list("turn", flat=True).filter(pk=self.part_id).first()
        if turn != self.turn:
            raise TakenOver(_("A newer request sends this file."))

    def close(self) -> None:
        """Let it go; the digest waits for the next request. Saves nothing: see `save`."""
        with self._lock:
            self._closed = True
            if self._descriptor >= 0:
                if self.part is not None and self.digest is not None and self.position == self.have:
                    keep_digest(self.part_id, self.position, self.digest)
                os.close(self._descriptor)
                self._descriptor = -1
