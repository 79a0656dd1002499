"""A progress bar for what a worker does. Ctrl-C stops the looking, not the work."""

import math
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TextIO

from django.utils.translation import gettext as _
from tqdm import tqdm

from access.policy import Actor
from backups.cli import show
from backups.description import describe_status
from backups.models import Backup, Check
from backups.selectors import backup_for

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


def follow_check(check: Check, *, quiet: bool) -> None:
    def look() -> Look:
        check.refresh_from_db()
        is_waiting = check.status == Backup.Status.PENDING
        return Look(
            stage=_("Waiting") if is_waiting else str(check.get_level_display()),
            percent=check.file.progress if check.file else 0.0,
            rate="",
            is_waiting=is_waiting,
            is_over=check.is_over,
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
