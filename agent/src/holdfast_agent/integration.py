"""All of it together, from a recorder's configuration: one object to hand recordings to."""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Callable

from holdfast_agent.client import Place, RecordingUploadClient
from holdfast_agent.errors import NotConfigured, UploadError
from holdfast_agent.files import Identity
from holdfast_agent.logs import log, log_to_file
from holdfast_agent.manager import UploadManager
from holdfast_agent.settings import Settings, read_settings
from holdfast_agent.watching import WatchedFolder, Watcher, files_in, is_known

SETTLE_OLDER = 5.0
DAY = 86400
CALLBACKS = ("on_upload_started", "on_upload_progress", "on_upload_completed", "on_upload_failed")


class ApiIntegrationManager:
    """`settings` is the whole configuration: a dict, an object, a file's path, or Settings.

    `is_initialized` is False, and `upload_client` None, when it is disabled or not configured.
    """

    on_upload_started: Callable[[str, str], Any] | None = None
    on_upload_progress: Callable[[str, float], Any] | None = None
    on_upload_completed: Callable[[str, str], Any] | None = None
    on_upload_failed: Callable[[str, str], Any] | None = None

    def __init__(self, settings: Any = None, *, start: bool = True) -> None:
        self.upload_client: RecordingUploadClient | None = None
        self.upload_manager: UploadManager | None = None
        self.why_not: Exception | None = None
        self.settings = Settings()
        self._ended = threading.Event()
        self._watching: threading.Thread | None = None
        try:
            self.settings = settings if isinstance(settings, Settings) else read_settings(settings)
            if self.settings.enabled:
                self._open()
        except (NotConfigured, OSError) as error:
            log.error("API integration is not configured: %s", error)
            self.why_not = error
            self.upload_client = self.upload_manager = None
            return
        if start:
            self.start()

    @property
    def is_initialized(self) -> bool:
        return self.upload_manager is not None

    def _open(self) -> None:
        found = self.settings
        if found.log_file:
            log_to_file(found.log_file)
        found.require()
        folders = found.folders
        self.upload_client = RecordingUploadClient(
            found.base_url,
            found.token(),
            found.upload_timeout,
            ca_file=found.ca_file or None,
            bandwidth_limit_kbps=found.bandwidth_limit_kbps,
        )
        self.upload_manager = UploadManager(
            self.upload_client,
            found.max_concurrent_uploads,
            found.max_retries,
            state_dir=found.state,
            delete_after_upload=found.delete_after_upload,
            upload_window=found.upload_window,
            compress=found.compress,
            encrypt_recipient=found.encrypt_recipient,
        )
        for name in CALLBACKS:
            setattr(self.upload_manager, name, self._teller(name))
        if found.compress or found.encrypt_recipient:
            log.warning(
                "compress and encrypt_recipient are for backups: recordings are sent as they are"
            )
        self.watcher = Watcher(
            folders,
            self.upload_manager.queue,
            self._take,
            settle=found.settle_seconds,
            interval=found.watch_interval,
        )

    def start(self) -> None:
        """The workers; and with `auto_upload`, older recordings and the watched folders."""
        if self.upload_manager is None or self.upload_client is None:
            return
        # A server that is away is no reason to refuse: what is queued waits for it.
        self.upload_client.test_connection()
        self.upload_manager.start()
        if self.settings.auto_upload:
            self.watch()

    def watch(self) -> None:
        """Take what appears in the watched folders from now on, and the older ones if so set."""
        if self.upload_manager is None or self._watching is not None:
            return
        if self.settings.upload_older_recordings:
            for folder in self.settings.folders:
                self._take_older(folder, self.settings.max_file_age_days)
        self._watching = threading.Thread(
            target=self.watcher.run, args=(self._ended,), name="watch", daemon=True
        )
        self._watching.start()

    def shutdown(self, timeout: float = 10) -> None:
        """What is under way goes on with the next start."""
        self._ended.set()
        if self._watching is not None:
            self._watching.join(timeout)
        if self.upload_manager is not None:
            self.upload_manager.stop(timeout)
        self.upload_client = self.upload_manager = None

    def upload_recording(
        self, video: Place, metadata: Place | Mapping[str, Any] | None = None, **options: Any
    ) -> str | None:
        """The task's id; None when it is disabled, or there is no such file (which is logged)."""
        if self.upload_manager is None:
            return None
        try:
            return self.upload_manager.upload_recording(video, metadata, **options)
        except UploadError as error:
            log.error("Recording was not queued: %s", error.message)
            return None

    def upload_older_recordings(
        self, directory: Place | None = None, max_age_days: float | None = None
    ) -> list[str]:
        """Queues what lies there and was not sent yet, unless it is older than that."""
        age = self.settings.max_file_age_days if max_age_days is None else max_age_days
        if directory is not None:
            return self._take_older(WatchedFolder(Path(directory)), age)
        return [task for folder in self.settings.folders for task in self._take_older(folder, age)]

    def get_upload_status(self, task_id: str) -> dict[str, Any] | None:
        return self.upload_manager.get_upload_status(task_id) if self.upload_manager else None

    def get_queue_status(self) -> dict[str, int]:
        if self.upload_manager is None:
            names = ("queue_size", "active_uploads", "completed_uploads", "failed_uploads")
            return dict.fromkeys(names, 0)
        return self.upload_manager.get_queue_status()

    def _teller(self, name: str) -> Callable[..., None]:
        """Calls what is set here at the time, also when it was set after the start."""

        def tell(*said: Any) -> None:
            callback = getattr(self, name)
            if callback is not None:
                callback(*said)

        return tell

    def _take(self, path: Path, folder: WatchedFolder) -> None:
        assert self.upload_manager is not None
        kind = "backup" if folder.kind == "backup" else None
        self.upload_manager.upload_recording(path, kind=kind, job_id=folder.job_id)

    def _take_older(self, folder: WatchedFolder, max_age_days: float) -> list[str]:
        manager, now = self.upload_manager, time.time()
        if manager is None:
            return []
        taken: list[str] = []
        for path, found in files_in(folder.path):
            age = now - found.st_mtime
            if not found.st_size or not folder.takes(path.name) or age > max_age_days * DAY:
                continue
            if is_known(manager.queue, path.resolve(), Identity.of(found)):
                continue
            # One that was written just now may go on growing.
            after = max(0.0, min(SETTLE_OLDER, SETTLE_OLDER - age))
            kind = "backup" if folder.kind == "backup" else None
            try:
                task = manager.upload_recording(path, kind=kind, job_id=folder.job_id, after=after)
            except UploadError:
                continue
            taken.append(task)
        return taken
