"""A schedule as a row of its list: in words when it runs, what is next, what was last."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from django.utils import formats
from django.utils.translation import gettext as _

from access.models import User
from backups.models import Backup, BackupSchedule, DueTime
from backups.pages.schedule_form import OFTEN, WEEKDAYS, initial_of
from backups.scheduling.description import last_runs, next_runs_or_none
from look.units import duration


@dataclass(frozen=True)
class Run:
    """A moment at which it begins, as its own zone shows it."""

    at: datetime
    words: str
    until: str


@dataclass(frozen=True)
class Row:
    schedule: BackupSchedule
    often: str
    next: Run | None
    last: DueTime | None
    backup: Backup | None
    may_run: bool
    may_change: bool

    @property
    def state(self) -> str:
        """The badge of the last run."""
        if self.backup is not None:
            return self.backup.status
        return "failed" if self.last else ""

    @property
    def said(self) -> str:
        """What has to be known of the last run besides its state."""
        if self.last is None:
            return ""
        if self.last.state == DueTime.State.RETRYING:
            return _("It will be tried again.")
        if self.last.reason:
            return self.last.reason
        if self.backup is not None and self.backup.error:
            return self.backup.error
        return _("It began late: the time before was missed.") if self.last.late else ""


def rows_of(schedules: Sequence[BackupSchedule], *, user: User, now: datetime) -> list[Row]:
    last = last_runs(schedules)
    rows = []
    for one in schedules:
        runs = next_runs_or_none(one, now)
        due, backup = last.get(one.pk, (None, None))
        rows.append(
            Row(
                one,
                often=in_words(one),
                next=_run(one, runs[0], now) if runs else None,
                last=due,
                backup=backup,
                may_run=user.may("backups.add_backup", one.company),
                may_change=user.may("backups.change_backupschedule", one.company),
            )
        )
    return rows


def runs_of(schedule: BackupSchedule, *, now: datetime) -> list[Run]:
    return [_run(schedule, at, now) for at in next_runs_or_none(schedule, now)]


def in_words(schedule: BackupSchedule) -> str:
    """Each day at 02:30, Europe/Berlin; an expression that is not simple as it is."""
    if schedule.interval_minutes:
        return _("every %(time)s") % {"time": duration(schedule.interval_minutes * 60)}
    simple = initial_of(schedule)
    if simple["often"] == "cron":
        return f"{schedule.cron}, {schedule.time_zone}"
    words = {"often": OFTEN[simple["often"]], "at": simple["at"], "zone": schedule.time_zone}
    if simple["often"] == "hourly":
        return _("%(often)s at :%(minute)s") % {**words, "minute": simple["at"][3:]}
    if simple["often"] == "weekly":
        words["day"] = dict(WEEKDAYS)[simple["weekday"]]
        return _("%(often)s on %(day)s at %(at)s, %(zone)s") % words
    return _("%(often)s at %(at)s, %(zone)s") % words


def _run(schedule: BackupSchedule, at: datetime, now: datetime) -> Run:
    local = at.astimezone(ZoneInfo(schedule.time_zone))
    words = formats.date_format(local, "D j N Y, H:i")
    return Run(at, f"{words} {local.tzname()}", duration(max(at - now, at - at)))
