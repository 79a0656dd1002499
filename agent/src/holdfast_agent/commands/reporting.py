"""`report`: what became of an expected backup whose bytes stay where they are."""

from __future__ import annotations

import argparse
import hashlib
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from holdfast_agent.commands.state import client_of
from holdfast_agent.errors import NotConfigured
from holdfast_agent.files import opened
from holdfast_agent.settings import Settings

Answer = tuple[int, dict[str, Any]]


def add(commands: Any, every: argparse.ArgumentParser) -> None:
    report = commands.add_parser("report", parents=[every], help="tell of an expected backup")
    report.add_argument("job", metavar="JOB")
    report.add_argument("--file", type=Path, help="its sha256, size and time are told")
    report.add_argument("--failed", metavar="WHY", help="there is no backup, and this is why")
    report.add_argument("--time", metavar="ISO", help="when it was made, in UTC unless it says")
    report.set_defaults(run=run_report)


def run_report(settings: Settings, given: argparse.Namespace) -> Answer:
    if (given.file is None) == (given.failed is None):
        raise NotConfigured("Name the backup with --file, or say with --failed why there is none.")
    client = client_of(settings)
    body: dict[str, Any] = {"status": "FAILED", "error_message": given.failed}
    made_at = datetime.now(timezone.utc)
    if given.file is not None:
        body, made_at = _of_file(given.file)
    if given.time:
        made_at = _moment(given.time)
    body["backup_timestamp_utc"] = made_at.strftime("%Y-%m-%dT%H:%M:%SZ")
    answer = client.report_backup(given.job, body)
    # What the server makes of it: a file that is too small is told as made, and counts as failed.
    found = {"job": given.job, "status": answer.get("status"), "entry": answer.get("id")}
    if answer.get("error_message"):
        found["message"] = answer["error_message"]
    return 0, found


def _of_file(path: Path) -> tuple[dict[str, Any], datetime]:
    digest, size = hashlib.sha256(), 0
    with opened(path.resolve()) as file:
        while block := file.read(1 << 20):
            digest.update(block)
            size += len(block)
    made_at = datetime.fromtimestamp(path.stat().st_mtime, timezone.utc)
    facts = {"backup_hash": digest.hexdigest(), "backup_size_bytes": size}
    return {"status": "SUCCESS", **facts}, made_at


def _moment(text: str) -> datetime:
    try:
        found = datetime.fromisoformat(text.replace("Z", "+00:00"))
    except ValueError as error:
        raise NotConfigured(f"--time is no time in ISO 8601: {text}") from error
    return (found.replace(tzinfo=timezone.utc) if found.tzinfo is None else found).astimezone(
        timezone.utc
    )
