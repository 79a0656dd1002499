"""The way of one file: session, metadata, bytes, finalize, confirmed; then it may be deleted.

Killed at any point, the next attempt begins at the top and finds what is done already.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Callable

from holdfast_agent.client import RecordingUploadClient, UploadSession
from holdfast_agent.digests import RunningDigest
from holdfast_agent.errors import ApiError, BusyError, Paused, UploadError, ValidationError
from holdfast_agent.files import identity_of, opened
from holdfast_agent.logs import log
from holdfast_agent.pace import Stop
from holdfast_agent.packing import Packing, pack
from holdfast_agent.queue import Queue, Task
from holdfast_agent.recordings import Metadata, metadata_of, read_metadata, session_part

# Looks at a file that is being stored, in seconds; then the worker turns to other files.
LOOKS = (0.2, 0.5, 1, 2, 4)
LOOK_AGAIN = 15
SETTLE = 5


class StillStored(BusyError):
    """All is there, and the server moves it to its storage."""


@dataclass
class Course:
    """One attempt. `reached` hears how far the server has come."""

    task: Task
    client: RecordingUploadClient
    queue: Queue
    packing: Packing
    stopped: Stop
    progress: Callable[[float], Any]
    reached: Callable[[int], Any]

    def run(self) -> str:
        """The file's id on the server, when that has confirmed size and sha256."""
        task = self.task
        end = self._finalized() if task.session and task.sha256 else None
        if end is None:
            end = self._sent()
        self._require_same(end)
        if task.options.get("delete"):
            self._delete()
        self._drop_packed()
        return str(end.get("file_id") or "")

    def _sent(self) -> UploadSession:
        """Raises ApiError, Paused."""
        task = self.task
        self._require_unchanged()
        source, size = self._source()
        metadata = self._metadata()
        session = self._opened(size, metadata)
        if session.get("status") in ("finalizing", "completed"):
            return self._known_already(source)
        if metadata.path is not None:
            self._send_metadata(session, metadata.path)
        kind = "backup" if task.options.get("kind") == "backup" else "video"
        try:
            answer = self.client.upload_file(
                session, source, kind, self.progress, stopped=self.stopped, on_offset=self.reached
            )
        except ApiError as error:
            if error.code == "changed":
                self._give_up(session)
                self._require_unchanged()
            if error.status in (404, 410) or error.code == "session_over":
                self.queue.change(task, session=None, sha256=None)
                raise BusyError("The session is over; another is opened.", retry_after=1) from error
            raise
        # Written down before it is finalized: what follows can then be asked for again.
        self.queue.change(task, sha256=answer["sha256"], sent_size=size)
        end = self._finalized()
        if end is None:
            raise BusyError("The server misses bytes; they are sent again.", retry_after=1)
        return end

    def _require_unchanged(self) -> None:
        """A file that grew is looked at again in a while. Raises UploadError when it is gone."""
        now = identity_of(self.task.path)
        if now is None:
            raise UploadError(f"{self.task.path} is gone, or no plain file.", code="gone")
        if now.size == 0:
            raise UploadError(f"{self.task.path.name} is empty.", code="empty")
        if now != self.task.identity:
            self._drop_packed()
            self.queue.change(self.task, identity=now, session=None, sha256=None, sent_size=None)
            raise BusyError(f"{self.task.path.name} is still being written.", retry_after=SETTLE)

    def _source(self) -> tuple[Path, int]:
        """What is sent, and its size: the file, or what it was packed into."""
        task = self.task
        if task.options.get("kind") != "backup" or not self.packing:
            return task.path, task.identity.size
        into = self._packed_path()
        kept = identity_of(into)
        if task.options.get("packed") and kept is not None and kept.size == task.sent_size:
            return into, kept.size
        packed = pack(task.path, into, self.packing)
        self.queue.change(
            task, sent_size=packed.size, options={**task.options, "packed": packed.sha256}
        )
        return packed.path, packed.size

    def _opened(self, size: int, metadata: Metadata) -> UploadSession:
        task, options = self.task, self.task.options
        is_packed = bool(options.get("packed"))
        session = self.client.create_session(
            session_id=options.get("session_id") or metadata.session_id or session_part(task.path),
            connection_info=metadata.connection_info,
            file_size=size,
            metadata=metadata.rest,
            sha256=options.get("packed") or options.get("announce"),
            file_name=task.path.name + (self.packing.ending if is_packed else ""),
            kind=options.get("kind"),
            job_id=options.get("job_id"),
        )
        if session["session_id"] != task.session:
            self.queue.change(task, session=session["session_id"])
        return session

    def _known_already(self, source: Path) -> UploadSession:
        """The server has a file of this name, size and session: is it this one?"""
        digest = self.task.sha256 or _digest_of(source, self.stopped)
        self.queue.change(self.task, sha256=digest, sent_size=source.stat().st_size)
        end = self._finalized()
        if end is not None and end.get("sha256") == digest:
            return end
        self.queue.change(
            self.task, session=None, options={**self.task.options, "announce": digest}
        )
        raise BusyError("The server has another file of this name; this one is new.", retry_after=1)

    def _metadata(self) -> Metadata:
        given = self.task.options.get("metadata")
        if isinstance(given, dict):
            return metadata_of(given)
        return read_metadata(Path(given) if given else None)

    def _send_metadata(self, session: UploadSession, path: Path) -> None:
        try:
            self.client.upload_file(session, path, "metadata")
        except (UploadError, ValidationError) as error:
            # The recording itself is worth more than what stands beside it.
            log.warning("Metadata %s was not taken: %s", path.name, error.message)

    def _finalized(self) -> UploadSession | None:
        """None when bytes are missing, or the session is gone. Raises StillStored."""
        task = self.task
        assert task.session is not None
        for pause in (*LOOKS, None):
            try:
                end = self.client.finalize(task.session, task.sha256)
            except ValidationError as error:
                if error.status in (404, 410) or "bytes_received" in error.facts:
                    self.queue.change(task, sha256=None)
                    return None
                raise
            if end.get("status") == "completed":
                return end
            if pause is None:
                break
            self.queue.change(task, server_file_id=end.get("file_id"))
            if self.stopped.wait(pause):
                raise Paused
        raise StillStored("The server is still storing it.", retry_after=LOOK_AGAIN)

    def _require_same(self, end: UploadSession) -> None:
        """Raises UploadError unless the server has confirmed just what was read here."""
        task = self.task
        said = (end.get("sha256"), end.get("file_size"))
        if said != (task.sha256, task.sent_size):
            raise UploadError("The server has confirmed another size or sha256.", code="differs")

    def _delete(self) -> None:
        task = self.task
        if identity_of(task.path) != task.identity:
            log.warning("%s is kept: it has changed since it was sent.", task.path.name)
            return
        given = task.options.get("metadata")
        for path in (task.path, Path(given) if isinstance(given, str) else None):
            if path is None:
                continue
            try:
                path.unlink()
            except FileNotFoundError:
                pass
            except OSError as error:
                log.warning("%s could not be deleted: %s", path.name, error)

    def _give_up(self, session: UploadSession) -> None:
        """Of a file that was still being written: its bytes would be no file."""
        try:
            self.client.terminate(session)
        except ApiError as error:
            log.info("A session could not be ended: %s", error.message)

    def _packed_path(self) -> Path:
        return self.queue.folder / "packed" / self.task.id

    def _drop_packed(self) -> None:
        options = dict(self.task.options)
        if options.pop("packed", None):
            self._packed_path().unlink(missing_ok=True)
            self.queue.change(self.task, options=options)


def _digest_of(path: Path, stopped: Stop) -> str:
    digest = RunningDigest()
    with opened(path) as file:
        while block := file.read(1 << 20):
            if stopped.is_set():
                raise Paused
            digest.update(block)
    return digest.hexdigest()
