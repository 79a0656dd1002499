"""What tests of the agent need of a real server: its address, a token, a worker that stores."""

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from django.db import connection

from holdfast_agent import ApiIntegrationManager
from tests.config.waiting import wait_for
from tests.uploads.sending import store
from uploads.models import UploadSession
from uploads.states import Status

OVER = ("completed", "failed")


@contextmanager
def storing() -> Iterator[None]:
    """Do what a worker does, as long as this is open."""
    ended = threading.Event()

    def work() -> None:
        try:
            while not ended.wait(0.05):
                waiting = UploadSession.objects.filter(status=Status.FINALIZING)
                for session in list(waiting):
                    store(session.public_id)
        finally:
            connection.close()

    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join(20)


def padded(clip: bytes, extra: int) -> bytes:
    """The video, with as much behind it that players pass over."""
    return clip + (extra + 8).to_bytes(4, "big") + b"free" + os.urandom(extra)


@dataclass
class Heard:
    """What the callbacks said."""

    started: list[tuple[str, str]] = field(default_factory=list)
    progress: list[tuple[str, float]] = field(default_factory=list)
    completed: list[tuple[str, str]] = field(default_factory=list)
    failed: list[tuple[str, str]] = field(default_factory=list)

    def listen(self, manager: Any) -> None:
        manager.on_upload_started = lambda *said: self.started.append(said)
        manager.on_upload_progress = lambda *said: self.progress.append(said)
        manager.on_upload_completed = lambda *said: self.completed.append(said)
        manager.on_upload_failed = lambda *said: self.failed.append(said)


@dataclass
class Recorder:
    """A machine with an agent: its folder, and its configuration."""

    url: str
    token: str
    folder: Path
    managers: list[ApiIntegrationManager] = field(default_factory=list)

    def settings(self, **api: Any) -> dict[str, Any]:
        own = {
            "enabled": True,
            "base_url": f"{self.url}/api",
            "api_token": self.token,
            "state_dir": str(self.folder / "state"),
            "upload_timeout": 10,
            "watch_interval": 0.1,
            "settle_seconds": 0.3,
        }
        output = str(self.folder / "recordings")
        return {"api": {**own, **api}, "recording": {"output_dir": output}}

    def manager(self, *, start: bool = True, **api: Any) -> ApiIntegrationManager:
        made = ApiIntegrationManager(self.settings(**api), start=start)
        self.managers.append(made)
        return made

    def file(self, name: str, body: bytes) -> Path:
        path = self.folder / "recordings" / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(body)
        return path


def ended(manager: Any, task_id: str | None, *, within: float = 30) -> dict[str, Any]:
    """The task's status, when it is over."""
    assert task_id is not None
    status: dict[str, Any] = {}

    def is_over() -> bool:
        status.update(manager.get_upload_status(task_id) or {})
        return status.get("status") in OVER

    wait_for(is_over, seconds=within, what="the upload to end")
    return status
