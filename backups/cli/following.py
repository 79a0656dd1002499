"""A progress bar for what a worker does. Ctrl-C stops the looking, not the work."""

import math
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol, TextIO

from django.utils.translation import gettext as _
from tqdm import tqdm

from access.policy import Actor
from backups.cli import show
from backups.description import describe_status
from backups.models import Backup
from backups.selectors import backup_for
from monitoring.files.models import TrackedFile
from monitoring.files.selectors import stage_in_progress

POLL_SECONDS = 0.3
HINT_SECONDS = 20.0


@dataclass(frozen=True)
class Look:
    """`percent` of the whole; `rate` as text, empty when there is none."""

    stage: str
    percent: float
    rate: str
    is_waiting: bool
    is_over: bool


def follow_backup(actor: Actor, backup: Backup, *, quiet: bool) -> None:
    def look() -> Look:
        found = backup_for(actor=actor, backup_id=backup.pk)
        status = describe_status(found)
        running = [stage["name"] for stage in status["stages"] if stage["status"] == "in_progress"]
        return Look(
            stage=running[0] if running else _("Waiting"),
            percent=status["progress"],
            rate=show.rate(status),
            is_waiting=found.status == Backup.Status.PENDING,
            is_over=found.is_over,
        )

    _follow(look, quiet=quiet)


class FileBound(Protocol):
    """A row with a tracked file: a check, a restore."""

    status: str
    file: TrackedFile | None

    @property
    def is_over(self) -> bool: ...

    def refresh_from_db(self) -> None: ...


def follow_file(row: FileBound, *, quiet: bool) -> None:
    """Until it is over; the row is fresh then."""

    def look() -> Look:
        row.refresh_from_db()
        stage = stage_in_progress(row.file) if row.file else None
        return Look(
            stage=str(stage.standard.name) if stage else _("Waiting"),
            percent=row.file.progress if row.file else 0.0,
            rate="",
            is_waiting=row.status == Backup.Status.PENDING,
            is_over=row.is_over,
        )

    _follow(look, quiet=quiet)


def _follow(look: Callable[[], Look], *, quiet: bool, stream: TextIO = sys.stderr) -> None:
    hidden = quiet or not stream.isatty()
    form = "{desc:12}{percentage:3.0f}% {bar} {postfix}"
    hint_at = time.monotonic() + HINT_SECONDS
    with tqdm(total=100, disable=hidden, file=stream, bar_format=form) as bar:
        while True:
            found = look()
            bar.set_description_str(found.stage, refresh=False)
            bar.set_postfix_str(found.rate, refresh=False)
            bar.n = found.percent
            bar.refresh()
            if found.is_over:
                return
            if found.is_waiting and time.monotonic() > hint_at:
                hint = _("No worker has taken it yet. Is Holdfast running? See: manage.py doctor")
                bar.write(hint, file=stream)
                hint_at = math.inf
            time.sleep(POLL_SECONDS)
