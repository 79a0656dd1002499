"""`upload` and `watch`: send these files and wait for them; or what appears, for good."""

from __future__ import annotations

import argparse
import signal
import threading
from pathlib import Path
from typing import Any

from holdfast_agent.errors import NotConfigured
from holdfast_agent.integration import ApiIntegrationManager
from holdfast_agent.queue import COMPLETED, FAILED
from holdfast_agent.settings import Settings

Answer = tuple[int, dict[str, Any]]


def add(commands: Any, every: argparse.ArgumentParser) -> None:
    upload = commands.add_parser("upload", parents=[every], help="send files, and wait for the end")
    upload.add_argument("files", nargs="*", type=Path, metavar="FILE")
    upload.add_argument("--metadata", type=Path, metavar="FILE", help="of the one recording")
    upload.add_argument("--backup", action="store_true", help="they are backups, no recordings")
    upload.add_argument("--job", metavar="ID", help="the expected job that the backup answers")
    upload.add_argument("--session", metavar="ID", help="the session's id, else of the name")
    upload.add_argument("--older", type=Path, metavar="FOLDER", help="what was not sent of it yet")
    upload.add_argument("--max-age", type=float, metavar="DAYS")
    upload.set_defaults(run=run_upload)
    watch = commands.add_parser(
        "watch", parents=[every], help="send what appears; ends by a signal"
    )
    watch.set_defaults(run=run_watch)


def run_upload(settings: Settings, given: argparse.Namespace) -> Answer:
    if not given.files and not given.older:
        raise NotConfigured("Name files to send, or a folder with --older.")
    if given.metadata and len(given.files) != 1:
        raise NotConfigured("--metadata goes with one file.")
    manager = _opened(settings)
    assert manager.upload_manager is not None
    try:
        manager.upload_manager.start()
        kind = "backup" if given.backup or given.job else None
        tasks = [
            manager.upload_manager.upload_recording(
                path, given.metadata, kind=kind, job_id=given.job, session_id=given.session
            )
            for path in given.files
        ]
        if given.older:
            tasks += manager.upload_older_recordings(given.older, given.max_age)
        found = _wait(manager, tasks)
    finally:
        manager.shutdown()
    failed = [one for one in found if one["status"] == FAILED]
    lines = [
        f"{one['task']}  {one['status']}  {one['server_file_id'] or one['error'] or ''}".rstrip()
        for one in found
    ]
    return int(bool(failed)), {"uploads": found} if given.json else {"lines": lines or ["nothing"]}


def run_watch(settings: Settings, _given: argparse.Namespace) -> Answer:
    if not settings.folders:
        raise NotConfigured("watch_dirs is not set.")
    manager = _opened(settings)
    ended = threading.Event()
    for name in ("SIGTERM", "SIGINT", "SIGBREAK"):
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), lambda *_said: ended.set())
    try:
        manager.start()
        manager.watch()
        # In short waits: on Windows a signal does not end a long one.
        while not ended.wait(0.5):
            pass
    finally:
        counts = manager.get_queue_status()
        manager.shutdown()
    return 0, dict(counts)


def _opened(settings: Settings) -> ApiIntegrationManager:
    """Raises NotConfigured. `enabled` is for recorders: who types a command means it."""
    settings.require()
    settings.enabled = True
    manager = ApiIntegrationManager(settings, start=False)
    if manager.why_not is not None:
        raise NotConfigured(str(manager.why_not))
    return manager


def _wait(manager: ApiIntegrationManager, tasks: list[str]) -> list[dict[str, Any]]:
    pause = threading.Event()
    while True:
        found = [{"task": one, **(manager.get_upload_status(one) or {})} for one in tasks]
        if all(one.get("status") in (COMPLETED, FAILED, None) for one in found):
            return found
        pause.wait(0.2)
