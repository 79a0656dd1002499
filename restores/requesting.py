"""Asking for a restore: all is looked at first, and nothing is touched before a worker has it."""

from dataclasses import asdict, dataclass
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from access import audit
from access.models import User
from access.policy import Actor, require
from backups import keyring
from backups.engines import PreflightCheck, RestoreOptions, engine_for
from backups.errors import BadOption, KeyMissing, NotReady
from backups.models import Backup, Database
from monitoring.files.endings import cancel_file
from monitoring.files.services import open_file
from monitoring.files.stages import Kind, Origin
from restores.errors import Blocked
from restores.models import Restore
from restores.queueing import enqueue


@dataclass(frozen=True)
class Wish:
    """What is asked for: this backup as a new database `name` on the server of `server`."""

    backup: Backup
    server: Database
    name: str
    options: RestoreOptions


def parse_options(given: dict[str, Any]) -> RestoreOptions:
    """`owner` is keep or none; `analyze` true or false. Raises BadOption."""
    rest = dict(given)
    owner = rest.pop("owner", "keep")
    analyze = rest.pop("analyze", True)
    if owner not in ("keep", "none"):
        raise BadOption("owner", _("owner is keep or none."))
    if not isinstance(analyze, bool):
        raise BadOption("analyze", _("%(option)s must be true or false.") % {"option": "analyze"})
    if rest:
        name = next(iter(rest))
        raise BadOption(name, _("%(option)s is not an option of a restore.") % {"option": name})
    return RestoreOptions(keep_owners=owner == "keep", analyze=analyze)


def look_first(*, wish: Wish, actor: Actor) -> list[PreflightCheck]:
    """The preflight. Touches nothing. Raises NotAllowed, NotReady, KeyMissing or BackupError."""
    require(actor, "restores.add_restore", wish.backup.company)
    require(actor, "restores.add_restore", wish.server.company)
    backup = wish.backup
    if backup.status != Backup.Status.COMPLETED or not backup.manifest:
        raise NotReady(_("Only a completed backup can be restored."))
    if backup.company_id != wish.server.company_id:
        raise NotReady(_("A backup goes to a server of its own company."))
    if backup.is_part:
        raise NotReady(_("This backup holds a part of the database; restore it by hand for now."))
    if not keyring.can_read():
        raise KeyMissing(_("This server holds public keys only: it cannot open what it stored."))
    engine = engine_for(wish.server)
    found = engine.preflight(wish.server, backup.manifest, name=wish.name, options=wish.options)
    return [_integrity(backup), *_promised(wish), *found]


def request_restore(*, wish: Wish, actor: Actor) -> Restore:
    """Queue it. Raises as `look_first`, and Blocked."""
    checks = look_first(wish=wish, actor=actor)
    blocking = [check for check in checks if check.level == "blocking"]
    if blocking:
        raise Blocked(" ".join(check.message for check in blocking), checks=checks)
    person = actor if isinstance(actor, User) else None
    with transaction.atomic():
        file = open_file(
            kind=Kind.RESTORE,
            company=wish.backup.company,
            name=wish.name,
            original_path=wish.backup.file_name,
            origin=Origin.STORED,
            created_by=person,
        )
        restore = Restore.objects.create(
            company=wish.backup.company,
            backup=wish.backup,
            server=wish.server,
            target_name=wish.name,
            options=asdict(wish.options),
            preflight=[asdict(check) for check in checks],
            file=file,
            created_by=person,
        )
        audit.record(
            actor=actor,
            action="restore.requested",
            thing=restore,
            company=restore.company,
            changes={"backup": str(wish.backup.pk), "server": wish.server.name, "name": wish.name},
        )
        enqueue(restore)
    return restore


def cancel_restore(*, restore: Restore, actor: Actor) -> None:
    """End it; nothing of it stays. Raises NotAllowed, or NotReady when it is over already."""
    require(actor, "restores.cancel_restore", restore.company)
    with transaction.atomic():
        audit.record(
            actor=actor, action="restore.cancel_asked", thing=restore, company=restore.company
        )
        if restore.file is None or not cancel_file(file=restore.file, by=actor.get_username()):
            raise NotReady(_("This restore is over already."))


def _promised(wish: Wish) -> list[PreflightCheck]:
    """A name that another restore is about to take."""
    others = Restore.objects.filter(
        status__in=[Restore.Status.PENDING, Restore.Status.RUNNING],
        server__host=wish.server.host,
        server__port=wish.server.port,
        target_name=wish.name,
    )
    if not others.exists():
        return []
    said = _("Another restore into a database of this name waits or runs.")
    return [PreflightCheck("name_promised", "blocking", said)]


def _integrity(backup: Backup) -> PreflightCheck:
    said = backup.validation_detail or backup.get_validation_display()
    if backup.validation in (Backup.Validation.CORRUPT, Backup.Validation.MISSING):
        return PreflightCheck("integrity", "blocking", said)
    if backup.validation == Backup.Validation.PROVEN:
        return PreflightCheck("integrity", "ok", said)
    return PreflightCheck("integrity", "warning", _("No restore drill has proven this backup."))
