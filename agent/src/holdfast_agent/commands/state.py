"""`check`, `status`, `set-token`: how the agent is set up, and what it has done."""

from __future__ import annotations

import argparse
import getpass
import sys
from typing import Any

from holdfast_agent.client import RecordingUploadClient
from holdfast_agent.errors import NotConfigured
from holdfast_agent.logs import keep_secret
from holdfast_agent.pace import UploadWindow
from holdfast_agent.packing import Packing
from holdfast_agent.queue import Queue
from holdfast_agent.settings import Settings
from holdfast_agent.tokens import store_token

Answer = tuple[int, dict[str, Any]]


def add(commands: Any, every: argparse.ArgumentParser) -> None:
    check = commands.add_parser("check", parents=[every], help="configuration, server and token")
    check.set_defaults(run=run_check)
    status = commands.add_parser("status", parents=[every], help="the queue, or one of its tasks")
    status.add_argument("task", nargs="?")
    status.add_argument("--limit", type=int, default=20)
    status.set_defaults(run=run_status)
    token = commands.add_parser(
        "set-token", parents=[every], help="store the token, read from the terminal or a pipe"
    )
    token.add_argument("--file", action="store_true", help="in a file, not in the keyring")
    token.add_argument(
        "--machine", action="store_true", help="Windows: for every account, as services need it"
    )
    token.set_defaults(run=run_set_token)


def client_of(settings: Settings) -> RecordingUploadClient:
    """Raises NotConfigured."""
    settings.require()
    return RecordingUploadClient(
        settings.base_url,
        settings.token(),
        settings.upload_timeout,
        ca_file=settings.ca_file or None,
        bandwidth_limit_kbps=settings.bandwidth_limit_kbps,
    )


def run_check(settings: Settings, _given: argparse.Namespace) -> Answer:
    client = client_of(settings)
    UploadWindow(settings.upload_window)
    Packing(settings.compress, settings.encrypt_recipient).require()
    missing = [str(one.path) for one in settings.folders if not one.path.is_dir()]
    if missing:
        raise NotConfigured(f"Watched folders that are not there: {', '.join(missing)}")
    found = client.check_connection()
    facts = {"base_url": client.base_url, "server": found.get("version"), "token": "accepted"}
    if not settings.enabled:
        facts["note"] = "enabled is false: recorders that use this configuration send nothing"
    if client.base_url.startswith("http://"):
        facts["warning"] = "without https the token and the files can be read on the way"
    return 0, facts


def run_status(settings: Settings, given: argparse.Namespace) -> Answer:
    queue = Queue(settings.state)
    try:
        if given.task:
            task = queue.find(given.task)
            if task is None:
                raise NotConfigured(f"There is no task {given.task}.")
            return 0, {"task": task.id, "file": task.path.name, **task.shown()}
        tasks = queue.all(given.limit)
        counts = queue.counts()
    finally:
        queue.close()
    lines = [f"{name}: {count}" for name, count in counts.items()]
    lines += [
        f"{one.id}  {one.status}  {one.progress:.0f} %  {one.path.name}  {one.error or ''}".rstrip()
        for one in tasks
    ]
    shown = [{"task": one.id, "file": one.path.name, **one.shown()} for one in tasks]
    return 0, {**counts, "tasks": shown} if given.json else {"lines": lines}


def run_set_token(settings: Settings, given: argparse.Namespace) -> Answer:
    """Never from the arguments: those can be read by every account of the machine."""
    ask = sys.stdin.isatty()
    token = (getpass.getpass("Token: ") if ask else sys.stdin.readline()).strip()
    if not token or any(ord(letter) < 33 or ord(letter) > 126 for letter in token):
        raise NotConfigured("That is no token.")
    keep_secret(token)
    where = store_token(settings.state, token, only_file=given.file, machine=given.machine)
    return 0, {"stored": where}
