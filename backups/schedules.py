"""Verbs on schedules: register, change, pause, remove, try, run now. See `scheduling` for the
times; what is due is asked there."""

from collections.abc import Mapping, Sequence
from datetime import time
from typing import Any

from django.db import transaction
from django.db.models.functions import Now
from django.utils.translation import gettext as _

from access import audit
from access.policy import Actor, require
from backups.engines import ServerFacts
from backups.errors import BadOption, NotFound
from backups.models import Backup, BackupSchedule, Database
from backups.options import parse_options
from backups.retention import parse_retention
from backups.scheduling.targets import Chooser, storages_of
from backups.scheduling.timings import timing_of, window_of
from backups.secret_use import reach_server
from backups.services import request_backup
from monitoring.times.clock import database_now
from monitoring.times.cron import BadCron, check_cron
from monitoring.times.due import next_due
from monitoring.times.zones import known_zones
from storage.models import StorageTarget
from storage.services import test_target

LONGEST_INTERVAL = 366 * 24 * 60
# As they are given; `cron` and `interval_minutes` exclude each other.
EDITABLE = (
    *("name", "enabled", "cron", "interval_minutes", "time_zone"),
    *("options", "storages", "retention"),
    *("window", "jitter_minutes", "retries", "retry_minutes"),
)
# From the moment one of these changes the times are counted anew: nothing is made up for.
TIMES = frozenset({"enabled", "cron", "interval_minutes", "time_zone", "window"})
NUMBERS = {"jitter_minutes": (0, 24 * 60), "retries": (0, 10), "retry_minutes": (1, 24 * 60)}


@transaction.atomic
def create_schedule(*, database: Database, actor: Actor, **values: Any) -> BackupSchedule:
    """Register a schedule. Raises NotAllowed, BadOption or ValidationError."""
    require(actor, "backups.add_backupschedule", database.company)
    schedule = BackupSchedule(company=database.company, database=database)
    storages = _assign(schedule, values)
    schedule.full_clean()
    schedule.save(force_insert=True)
    schedule.refresh_from_db()
    _put_in_order(schedule, storages or [])
    _refuse_never(schedule)
    _record(actor, "schedule.created", schedule, _audited(values))
    return schedule


@transaction.atomic
def update_schedule(*, schedule: BackupSchedule, actor: Actor, **values: Any) -> BackupSchedule:
    """Change what is named. Raises NotAllowed, NotFound, BadOption or ValidationError."""
    require(actor, "backups.change_backupschedule", schedule.company)
    locked = _locked(schedule)
    before = {name: _as_given(locked, name) for name in values if name in EDITABLE}
    storages = _assign(locked, values)
    locked.full_clean()
    locked.save()
    if storages is not None:
        _put_in_order(locked, storages)
    if TIMES & set(values):
        _refuse_never(locked)
        rows = BackupSchedule.objects.filter(pk=locked.pk)
        rows.update(watermark=Now(), next_at=None)
        locked.refresh_from_db(fields=["watermark", "next_at"])
    _record(actor, "schedule.changed", locked, {"before": before, "after": _audited(values)})
    return locked


@transaction.atomic
def delete_schedule(*, schedule: BackupSchedule, actor: Actor) -> None:
    """Remove it; the backups that it made stay. Raises NotAllowed or NotFound."""
    require(actor, "backups.delete_backupschedule", schedule.company)
    locked = _locked(schedule)
    _record(actor, "schedule.deleted", locked, {})
    locked.delete()


def try_times(**values: Any) -> BackupSchedule:
    """A schedule of these times that is not saved, to look at. Raises BadOption."""
    schedule = BackupSchedule(created_at=database_now())
    _assign_times(schedule, values)
    _assign_window(schedule, values)
    schedule.jitter_minutes = values.get("jitter_minutes", 0)
    _refuse_never(schedule)
    return schedule


def run_schedule(*, schedule: BackupSchedule, actor: Actor, trigger: str) -> Backup:
    """One backup by its options, now; its times stay as they are. It is kept by its policy.

    Raises NotAllowed or BackupError.
    """
    require(actor, "backups.add_backup", schedule.company)
    choice = Chooser([schedule]).choose(schedule)
    return request_backup(
        database=schedule.database,
        options=schedule.options,
        actor=actor,
        trigger=trigger,
        storage=choice.target,
        schedule=schedule,
    )


def test_schedule(*, schedule: BackupSchedule, actor: Actor) -> ServerFacts:
    """Reach its database and each of its storages. Raises NotAllowed, BackupError, StorageError."""
    require(actor, "backups.test_backupschedule", schedule.company)
    facts = reach_server(database=schedule.database, actor=actor)
    for target in schedule.storages.all():
        test_target(target=target, actor=actor)
    return facts


def uses_target(target: StorageTarget) -> bool:
    """Whether a schedule or a backup that is not over is to put anything at the target."""
    waiting = Backup.objects.filter(
        storage=target, status__in=[Backup.Status.PENDING, Backup.Status.RUNNING]
    )
    return BackupSchedule.objects.filter(storages=target).exists() or waiting.exists()


def _locked(schedule: BackupSchedule) -> BackupSchedule:
    rows = BackupSchedule.objects.select_for_update(of=("self",))
    found: BackupSchedule | None = rows.filter(pk=schedule.pk).first()
    if found is None:
        raise NotFound(_("There is no such schedule."))
    return found


def _assign(schedule: BackupSchedule, values: Mapping[str, Any]) -> Sequence[StorageTarget] | None:
    """Check the values and put them into the row; the storages, when they are given."""
    unknown = set(values) - set(EDITABLE)
    if unknown:
        name = min(unknown)
        raise BadOption(name, _("%(option)s cannot be changed.") % {"option": name})
    for name in ("name", "enabled"):
        if name in values:
            setattr(schedule, name, values[name])
    _assign_times(schedule, values)
    _assign_window(schedule, values)
    for name, (least, most) in NUMBERS.items():
        if name in values:
            number = values[name]
            if isinstance(number, bool) or not isinstance(number, int):
                raise BadOption(name, _("%(option)s is a number.") % {"option": name})
            if not least <= number <= most:
                words = _("%(option)s goes from %(least)d to %(most)d.")
                raise BadOption(name, words % {"option": name, "least": least, "most": most})
            setattr(schedule, name, number)
    if "options" in values:
        schedule.options = parse_options(values["options"]).as_json()
    if "retention" in values:
        for name, number in parse_retention(values["retention"]).items():
            setattr(schedule, f"keep_{name}", number)
    storages: Sequence[StorageTarget] | None = values.get("storages")
    if storages and any(target.company_id != schedule.company_id for target in storages):
        raise BadOption("storages", _("A storage of another company cannot be used."))
    return storages


def _assign_times(schedule: BackupSchedule, values: Mapping[str, Any]) -> None:
    cron, minutes = values.get("cron"), values.get("interval_minutes")
    if cron and minutes:
        raise BadOption("cron", _("Give cron or interval_minutes, not both."))
    if cron:
        try:
            schedule.cron, schedule.interval_minutes = check_cron(cron), None
        except BadCron as error:
            raise BadOption("cron", str(error)) from error
    elif minutes is not None:
        if not 1 <= minutes <= LONGEST_INTERVAL:
            raise BadOption("interval_minutes", _("An interval is a minute to a year."))
        schedule.cron, schedule.interval_minutes = "", minutes
    if not schedule.cron and schedule.interval_minutes is None:
        raise BadOption("cron", _("Give cron or interval_minutes."))
    if "time_zone" in values:
        if values["time_zone"] not in known_zones():
            raise BadOption("time_zone", _("There is no such time zone; as in Europe/Berlin."))
        schedule.time_zone = values["time_zone"]


def _assign_window(schedule: BackupSchedule, values: Mapping[str, Any]) -> None:
    if "window" not in values:
        return
    window: Mapping[str, Any] | None = values["window"]
    if window is None:
        schedule.window_from = schedule.window_to = None
        return
    try:
        ends = [time.fromisoformat(window[name]) for name in ("from", "to")]
    except (KeyError, TypeError, ValueError):
        raise BadOption("window", _("A window is from and to, as in 22:00 and 04:00.")) from None
    if ends[0] == ends[1] or any(end.tzinfo or end.second or end.microsecond for end in ends):
        raise BadOption("window", _("A window has two ends, in hours and minutes."))
    schedule.window_from, schedule.window_to = ends


def _refuse_never(schedule: BackupSchedule) -> None:
    if next_due(timing_of(schedule), after=database_now()) is None:
        raise BadOption("window", _("It would never run: no time of it is within the window."))


def _put_in_order(schedule: BackupSchedule, storages: Sequence[StorageTarget]) -> None:
    """The order in which they are given is that of their rows (`scheduling.targets`)."""
    schedule.storages.clear()
    for target in storages:
        schedule.storages.add(target)


def _as_given(schedule: BackupSchedule, name: str) -> Any:
    if name == "storages":
        return [target.name for target in storages_of([schedule])[schedule.pk]]
    if name == "retention":
        return {one: getattr(schedule, f"keep_{one}") for one in parse_retention(None)}
    if name == "window":
        return window_of(schedule)
    return getattr(schedule, name)


def _audited(values: Mapping[str, Any]) -> dict[str, Any]:
    targets = values.get("storages")
    found = dict(values)
    return found if targets is None else {**found, "storages": [one.name for one in targets]}


def _record(actor: Actor, action: str, schedule: BackupSchedule, changes: dict[str, Any]) -> None:
    audit.record(
        actor=actor, action=action, thing=schedule, company=schedule.company, changes=changes
    )
