"""What stays and why, and what goes: the plan for a database's rows as they are now."""

import uuid
from collections.abc import Hashable
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Exists, Max, OuterRef
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from backups.deletion import ACTIVE, GOOD, protected_ids
from backups.models import Backup, BackupSchedule, Check, Database
from backups.retention.plan import Candidate, Policy, Reason, Stop, Verdict, plan, suspicion
from backups.retention.policy import RETENTION
from backups.uses import any_in_use
from monitoring.times.clock import database_now

WORDS: dict[Reason, str | Promise] = {
    Reason.LAST: _("one of the last"),
    Reason.DAYS: _("younger than its days"),
    Reason.HOURLY: _("the newest of an hour"),
    Reason.DAILY: _("the newest of a day"),
    Reason.WEEKLY: _("the newest of a week"),
    Reason.MONTHLY: _("the newest of a month"),
    Reason.YEARLY: _("the newest of a year"),
    Reason.NO_POLICY: _("nothing says that it goes"),
    Reason.NEWEST_GOOD: _("the newest good one"),
    Reason.NEWEST_WHOLE: _("the newest good one of the whole database"),
    Reason.NEWEST_PROVEN: _("the newest proven one"),
    Reason.PINNED: _("pinned"),
    Reason.HELD: _("under legal hold"),
    Reason.IN_USE: _("in use"),
    Reason.LOCKED: _("locked by the storage"),
    Reason.AHEAD: _("stamped ahead of the clock"),
    Reason.NOT_GOOD: _("not good, kept for 30 days"),
}
STOPS: dict[Stop, str | Promise] = {
    Stop.CLOCK_BEHIND: _(
        "A backup is stamped later than now: the database's clock was ahead, or is behind."
    ),
    Stop.TOO_MANY: _(
        "More than half of the good backups would go at once only because time has passed:"
        " has the clock jumped?"
    ),
}


@dataclass(frozen=True)
class Row:
    backup: Backup
    verdict: Verdict

    @property
    def goes(self) -> bool:
        return self.verdict.goes

    @property
    def words(self) -> list[str]:
        return [str(WORDS[reason]) for reason in self.verdict.stays]


@dataclass(frozen=True)
class Preview:
    """The newest first. `stop` is why an automatic cleanup removes nothing."""

    database: Database
    at: datetime
    rows: list[Row]
    stop: Stop | None

    @property
    def going(self) -> list[Backup]:
        return [row.backup for row in self.rows if row.goes]

    @property
    def gone_rows(self) -> list[Row]:
        return [row for row in self.rows if row.goes]

    @property
    def kept_rows(self) -> list[Row]:
        return [row for row in self.rows if not row.goes]

    @property
    def stop_words(self) -> str:
        return str(STOPS[self.stop]) if self.stop else ""


def preview_cleanup(*, database: Database, at: datetime | None = None) -> Preview:
    """What a cleanup at that moment would do; now, by the database's clock, when none is given."""
    moment = at or database_now()
    asked = _completed(database)
    backups = [one.backup for one in asked]
    protected, used = protected_ids(database.pk), _in_use(backups)
    verdicts = plan(
        [_candidate(one, moment, protected, used) for one in asked],
        policies_of(database),
        now=moment,
    )
    by_key = {one.pk: one for one in backups}
    rows = []
    for verdict in verdicts:
        assert isinstance(verdict.candidate.key, uuid.UUID)
        rows.append(Row(by_key[verdict.candidate.key], verdict))
    return Preview(database, moment, rows, suspicion(verdicts, now=moment))


def policies_of(database: Database) -> dict[Hashable, Policy | None]:
    """By schedule; under None the one of backups that no schedule made."""
    by_hand = Database.every.values_list("retention", flat=True).get(pk=database.pk)
    found: dict[Hashable, Policy | None] = {None: _policy(by_hand, "UTC")}
    for schedule in BackupSchedule.objects.filter(database=database):
        numbers = {name: getattr(schedule, f"keep_{name}") for name in RETENTION}
        found[schedule.pk] = _policy(numbers, schedule.time_zone)
    return found


def _policy(numbers: dict[str, int | None], zone: str) -> Policy | None:
    given = {name: number for name, number in numbers.items() if number}
    return Policy(zone=zone, **given) if given else None


@dataclass(frozen=True)
class _Asked:
    """A row, and what was asked with it."""

    backup: Backup
    is_checked: bool
    locked_until: datetime | None


def _completed(database: Database) -> list[_Asked]:
    checked = Check.objects.filter(backup=OuterRef("pk"), status__in=ACTIVE, stored=None)
    rows = Backup.objects.filter(database=database, status=Backup.Status.COMPLETED)
    rows = rows.defer("manifest").select_related("schedule")
    asked = rows.annotate(
        is_checked=Exists(checked), locked_until=Max("stored_objects__retain_until")
    )
    return [_Asked(one, one.is_checked, one.locked_until) for one in asked]


def _in_use(backups: list[Backup]) -> set[object]:
    """Asked for all at once; only where something is in use, which ones."""
    rows = Backup.objects.filter(pk__in=[one.pk for one in backups])
    if not any_in_use(rows):
        return set()
    return {one.pk for one in backups if any_in_use(rows.filter(pk=one.pk))}


def _candidate(
    asked: _Asked, now: datetime, protected: set[object], used: set[object]
) -> Candidate:
    backup = asked.backup
    stays = {
        Reason.PINNED: backup.pinned,
        Reason.HELD: backup.held,
        Reason.LOCKED: bool(asked.locked_until and asked.locked_until > now),
        Reason.IN_USE: backup.pk in used or asked.is_checked,
        # What `deletion` refuses; mostly what the plan finds, too.
        Reason.NEWEST_GOOD: backup.pk in protected,
    }
    return Candidate(
        key=backup.pk,
        received_at=backup.completed_at or backup.created_at,
        good=backup.validation in GOOD,
        whole=not backup.is_part,
        proven=backup.validation == Backup.Validation.PROVEN,
        group=backup.schedule_id,
        stays=frozenset(reason for reason, is_so in stays.items() if is_so),
    )
