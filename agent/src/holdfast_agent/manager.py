"""The workers: they take tasks from the queue on disk, send, try again, and tell the callbacks."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Callable

from holdfast_agent.client import Place, RecordingUploadClient
from holdfast_agent.course import Course, StillStored
from holdfast_agent.errors import ApiError, BusyError, Paused, UploadError, is_retried
from holdfast_agent.files import identity_of
from holdfast_agent.logs import log
from holdfast_agent.pace import Gate, UploadWindow
from holdfast_agent.packing import Packing
from holdfast_agent.places import state_folder
from holdfast_agent.queue import COMPLETED, FAILED, FINALIZING, QUEUED, Queue, Task
from holdfast_agent.recordings import metadata_beside, session_part

LONGEST_PAUSE = 60.0
LONGEST_BUSY = 3600.0
POLL = 0.5
LOOK_FOR_DEAD = 60.0
SAVE_PROGRESS = 1.0


class UploadManager:
    """A queue that survives restarts, its workers, and four callbacks that may be set.

    `state_dir` holds the queue; `backoff` are the seconds whose power n the nth pause is.
    """

    def __init__(
        self,
        client: RecordingUploadClient,
        max_concurrent_uploads: int = 2,
        max_retries: int = 3,
        *,
        state_dir: Place | None = None,
        delete_after_upload: bool = False,
        upload_window: str | None = None,
        compress: str = "",
        encrypt_recipient: str = "",
        backoff: float = 2.0,
    ) -> None:
        self.client = client
        self.max_concurrent_uploads = max(1, max_concurrent_uploads)
        self.max_retries = max_retries
        self.delete_after_upload = delete_after_upload
        self.on_upload_started: Callable[[str, str], Any] | None = None
        self.on_upload_progress: Callable[[str, float], Any] | None = None
        self.on_upload_completed: Callable[[str, str], Any] | None = None
        self.on_upload_failed: Callable[[str, str], Any] | None = None
        self.queue = Queue(state_folder(str(state_dir) if state_dir else None))
        self._packing = Packing(compress, encrypt_recipient)
        self._packing.require()
        self._window = UploadWindow(upload_window)
        self._backoff = backoff
        self._ended = threading.Event()
        self._gate = Gate(self._ended, self._window)
        self._wake = threading.Event()
        self._threads: list[threading.Thread] = []
        self._live: dict[str, Task] = {}
        self._reached: dict[str, int] = {}
        self._started: set[str] = set()

    def start(self) -> None:
        """Safe to repeat."""
        if self._threads:
            return
        self._ended.clear()
        for number in range(self.max_concurrent_uploads):
            thread = threading.Thread(target=self._work, name=f"upload-{number + 1}", daemon=True)
            self._threads.append(thread)
            thread.start()
        log.info("UploadManager started with %d workers", self.max_concurrent_uploads)

    def stop(self, timeout: float = 10) -> None:
        """For good. What is under way is cut; the next manager of this folder goes on there."""
        self._ended.set()
        self._wake.set()
        end = time.monotonic() + timeout
        for thread in self._threads:
            thread.join(max(0.1, end - time.monotonic()))
        still = [thread for thread in self._threads if thread.is_alive()]
        self._threads = []
        if not still:
            self.queue.close()

    def upload_recording(
        self,
        video: Place,
        metadata: Place | Mapping[str, Any] | None = None,
        *,
        kind: str | None = None,
        job_id: str | None = None,
        session_id: str | None = None,
        after: float = 0,
    ) -> str:
        """Queues the file and gives the task's id. Raises UploadError when there is no such file.

        `metadata` is a JSON file or a dict; without it, one of the video's name is looked for.
        """
        path = Path(video).expanduser().resolve()
        identity = identity_of(path)
        if identity is None:
            raise UploadError(f"{path} is not there, or is no plain file.", code="no_file")
        if metadata is None and kind != "backup":
            metadata = metadata_beside(path)
        options = {
            "metadata": _kept(metadata),
            "kind": kind,
            "job_id": job_id,
            "session_id": session_id,
            "delete": self.delete_after_upload,
        }
        said = {name: value for name, value in options.items() if value}
        task_id = self.queue.add(session_part(path), path, identity, said, after=after)
        log.info("Recording queued for upload: %s (task: %s)", path.name, task_id)
        self._wake.set()
        return task_id

    def get_upload_status(self, task_id: str) -> dict[str, Any] | None:
        """None for a task that is not known."""
        task = self._live.get(task_id) or self.queue.find(task_id)
        return None if task is None else task.shown()

    def get_queue_status(self) -> dict[str, int]:
        return self.queue.counts()

    def _work(self) -> None:
        looked_at = time.monotonic()
        while not self._ended.is_set():
            if time.monotonic() - looked_at > LOOK_FOR_DEAD:
                looked_at = time.monotonic()
                self.queue.take_back()
            task = None if self._gate.is_set() else self.queue.claim()
            if task is None:
                self._wake.wait(POLL)
                self._wake.clear()
                continue
            self._live[task.id] = task
            try:
                self._carry_out(task)
            finally:
                self._live.pop(task.id, None)

    def _carry_out(self, task: Task) -> None:
        self._tell_started(task)
        course = Course(
            task,
            self.client,
            self.queue,
            self._packing,
            self._gate,
            self._progress_of(task),
            lambda offset: self._hear_offset(task, offset),
        )
        try:
            file_id = course.run()
        except Paused:
            self.queue.change(task, status=QUEUED, wait=0)
        except BusyError as error:
            self._put_off(task, error)
        except ApiError as error:
            if is_retried(error) and task.failures < self.max_retries:
                self._try_again(task, error)
            else:
                self._fail(task, error.message)
        except Exception as error:  # noqa: BLE001  # the edge of a worker: it must go on with others
            log.exception("Upload broke: %s", task.id)
            self._fail(task, f"{type(error).__name__}: {error}")
        else:
            self._complete(task, file_id)

    def _complete(self, task: Task, file_id: str) -> None:
        self.queue.change(
            task, status=COMPLETED, progress=100.0, server_file_id=file_id, error=None
        )
        self._forget(task)
        log.info("Upload completed: %s", task.id)
        self._tell(self.on_upload_completed, task.id, file_id)

    def _fail(self, task: Task, why: str) -> None:
        self.queue.change(task, status=FAILED, error=why)
        self._forget(task)
        log.error("Upload failed: %s: %s", task.id, why)
        self._tell(self.on_upload_failed, task.id, why)

    def _put_off(self, task: Task, error: BusyError) -> None:
        status = FINALIZING if isinstance(error, StillStored) else QUEUED
        wait = min(error.retry_after or 1, LONGEST_BUSY)
        log.info("Upload waits %.0f s: %s: %s", wait, task.id, error.message)
        self.queue.change(task, status=status, wait=wait)

    def _try_again(self, task: Task, error: ApiError) -> None:
        failures = task.failures + 1
        pause = min(self._backoff**failures, LONGEST_PAUSE)
        # A little less at times: many agents that lost the server must not come back as one.
        pause = max(pause * random.uniform(0.75, 1), min(error.retry_after or 0, LONGEST_BUSY))
        log.warning(
            "Upload tried again in %.1f s (%d of %d): %s: %s",
            *(pause, failures, self.max_retries, task.id, error.message),
        )
        self.queue.change(
            task,
            status=QUEUED,
            wait=pause,
            failures=failures,
            retry_count=task.retry_count + 1,
            error=error.message,
        )

    def _hear_offset(self, task: Task, offset: int) -> None:
        """An attempt that brought bytes there was no vain one: only vain ones are counted."""
        if task.failures and offset > self._reached.get(task.id, 0):
            self.queue.change(task, failures=0)
        self._reached[task.id] = max(offset, self._reached.get(task.id, 0))

    def _progress_of(self, task: Task) -> Callable[[float], None]:
        saved_at = time.monotonic()

        def progress(percent: float) -> None:
            nonlocal saved_at
            task.progress = percent
            if time.monotonic() - saved_at > SAVE_PROGRESS:
                saved_at = time.monotonic()
                self.queue.change(task, progress=percent)
            self._tell(self.on_upload_progress, task.id, percent)

        return progress

    def _tell_started(self, task: Task) -> None:
        if task.id not in self._started:
            self._started.add(task.id)
            log.info("Upload started: %s", task.id)
            self._tell(self.on_upload_started, task.id, task.path.name)

    def _tell(self, callback: Callable[..., Any] | None, *said: Any) -> None:
        if callback is None:
            return
        try:
            callback(*said)
        except Exception:  # noqa: BLE001  # it is the caller's code, and must not cost the upload
            log.exception("A callback failed")

    def _forget(self, task: Task) -> None:
        self._started.discard(task.id)
        self._reached.pop(task.id, None)


def _kept(metadata: Place | Mapping[str, Any] | None) -> str | dict[str, Any] | None:
    if metadata is None or isinstance(metadata, Mapping):
        return None if metadata is None else dict(metadata)
    return str(Path(metadata).resolve())
