"""Verbs on backups: permission, checks, rows, audit and queue in one transaction."""

from collections.abc import Callable, Mapping
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext as _

from access import audit
from access.models import Company
from access.policy import Actor, require
from backups.errors import (
    AlreadyRunning,
    BadOption,
    DiskFull,
    NotFound,
    NotReady,
    StorageUnavailable,
)
from backups.making import Wanted, make_backup
from backups.models import Backup, BackupSchedule, Database
from backups.options import is_storable, parse_options
from backups.secret_use import reach_server
from monitoring.files.endings import cancel_file
from storage.backends import backend_for
from storage.errors import StorageError
from storage.models import StorageTarget

LONGEST_BACKUP_NAME = 200
ACTIVE = (Backup.Status.PENDING, Backup.Status.RUNNING)


def request_backup(
    *,
    database: Database,
    options: Mapping[str, Any],
    actor: Actor,
    trigger: str,
    storage: StorageTarget | None = None,
    name: str = "",
    force: bool = False,
    schedule: BackupSchedule | None = None,
    on_made: Callable[[Backup], None] = lambda _backup: None,
) -> Backup:
    """Queue a backup of the database. Raises NotAllowed or BackupError; then nothing is queued.

    `on_made` is called in the transaction; what it raises undoes all of it. Whoever asks is told
    at once of a server that cannot be reached. `schedule`: its run now, by hand; those in time
    are made by `scheduling.queueing`.
    """
    require(actor, "backups.add_backup", database.company)
    parsed = parse_options(options)
    if len(name) > LONGEST_BACKUP_NAME or not is_storable(name):
        raise BadOption("name", _("The name is too long, or not a text."))
    target = storage or default_storage(database.company)
    if not force:
        _refuse_second(database)
    refuse_full(target)
    if trigger != Backup.Trigger.SCHEDULE:
        reach_server(database=database, actor=actor)
    with transaction.atomic():
        # One request at a time for a database: two of them must not both find it idle.
        locked = Database.objects.select_for_update().get(pk=database.pk)
        if not force:
            _refuse_second(locked)
        wanted = Wanted(locked, target, parsed, name=name, facts={"schedule": schedule})
        backup = make_backup(wanted, actor=actor, trigger=trigger)
        on_made(backup)
    return backup


@transaction.atomic
def edit_backup(*, backup: Backup, actor: Actor, **changes: Any) -> Backup:
    """Change `label`, `comment`, `pinned`, or `held` (a legal hold: administrators only).

    The file keeps its name. Raises NotAllowed, NotFound or BadOption.
    """
    require(actor, "backups.change_backup", backup.company)
    for name, value in changes.items():
        _check_edit(name, value)
    locked: Backup | None = Backup.objects.select_for_update().filter(pk=backup.pk).first()
    if locked is None:
        raise NotFound(_("There is no such backup."))
    before = {name: getattr(locked, name) for name in changes}
    after = {name: value for name, value in changes.items() if value != before[name]}
    if "held" in after:
        require(actor, "backups.hold_backup", locked.company)
    if not after:
        return locked
    for name, value in after.items():
        setattr(locked, name, value)
    locked.save(update_fields=list(after))
    audit.record(
        actor=actor,
        action="backup.changed",
        thing=locked,
        company=locked.company,
        changes={"before": {name: before[name] for name in after}, "after": after},
    )
    return locked


def _check_edit(name: str, value: Any) -> None:
    if name in ("label", "comment"):
        parse_options({name: value})
    elif name not in ("pinned", "held"):
        raise BadOption(name, _("%(option)s cannot be changed.") % {"option": name})
    elif not isinstance(value, bool):
        raise BadOption(name, _("%(option)s must be true or false.") % {"option": name})


def cancel_backup(*, backup: Backup, actor: Actor) -> None:
    """End it: at once while it waits, within seconds while it runs. Nothing half-written stays.

    Raises NotAllowed, or NotReady when it is over already.
    """
    require(actor, "backups.cancel_backup", backup.company)
    with transaction.atomic():
        audit.record(
            actor=actor, action="backup.cancel_asked", thing=backup, company=backup.company
        )
        if backup.file is None or not cancel_file(file=backup.file, by=actor.get_username()):
            raise NotReady(_("This backup is over already."))


def _refuse_second(database: Database) -> None:
    if Backup.objects.filter(database=database, status__in=ACTIVE).exists():
        raise AlreadyRunning(
            _("A backup of %(name)s is running already.") % {"name": database.name}
        )


def refuse_full(target: StorageTarget) -> None:
    """Raises DiskFull below the reserve, in which ends and alerts are still written."""
    reserve = settings.ENVIRONMENT.disk_reserve_mb << 20
    try:
        free = backend_for(target).free_bytes()
    except StorageError as error:
        raise StorageUnavailable(str(error)) from error
    if free is not None and free < reserve:
        raise DiskFull(
            _("%(storage)s has %(free)d MB left; %(reserve)d MB are kept in reserve.")
            % {"storage": target.name, "free": free >> 20, "reserve": reserve >> 20}
        )


def default_storage(company: Company) -> StorageTarget:
    """Where backups go when none is named. Raises NotFound."""
    targets = StorageTarget.objects.filter(company=company).order_by("-is_default", "name")
    found: StorageTarget | None = targets.first()
    if found is None:
        raise NotFound(_("There is no storage for %(company)s yet.") % {"company": company.name})
    return found
