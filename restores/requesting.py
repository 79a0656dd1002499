"""Asking for a restore: all is looked at first, and nothing is touched before a worker has it."""

from dataclasses import asdict, dataclass, field, replace
from typing import Any

from django.db import transaction
from django.db.models import Q
from django.urls import reverse
from django.utils.translation import gettext as _

from access import audit
from access.models import Company, User
from access.policy import Actor, require
from backups import keyring
from backups.engines import PreflightCheck, RestoreOptions, engine_for
from backups.errors import BadOption, KeyMissing, NotReady
from backups.models import Backup, Database
from backups.secret_use import record_use
from monitoring.alerts.services import open_alert
from monitoring.files.endings import cancel_file
from monitoring.files.services import open_file
from monitoring.files.stages import Kind, Origin
from restores.connections import keep_for_a_restore
from restores.errors import Blocked
from restores.estimate import estimated_duration
from restores.models import ACTIVE, Restore
from restores.origins import FromOutside
from restores.outside import keep_file, look_at_file
from restores.queueing import enqueue
from restores.received.models import ReceivedFile
from restores.replacing.safety import begin_guarded
from restores.replacing.wanted import Replacement, look_at_replacement, registered_target


@dataclass(frozen=True)
class Wish:
    """What is asked for: this backup as the database `name` on the server of `server`; a new
    one, or with a `replacement` in place of the one that is there.

    Without a backup it is a file `outside`.
    """

    backup: Backup | None
    server: Database
    name: str
    options: RestoreOptions
    replacement: Replacement | None = None
    outside: FromOutside | None = None

    @property
    def company(self) -> Company:
        return self.outside.company if self.outside else self.server.company


@dataclass(frozen=True)
class _Found:
    """What was looked at, and what is known of a file from elsewhere."""

    checks: list[PreflightCheck]
    contents: dict[str, Any] = field(default_factory=dict)
    size: int = 0


def look_first(*, wish: Wish, actor: Actor) -> list[PreflightCheck]:
    """The preflight. Touches nothing. Raises NotAllowed, NotReady, KeyMissing or BackupError."""
    return _look(wish, actor).checks


def _look(wish: Wish, actor: Actor) -> _Found:
    require(actor, "restores.add_restore", wish.server.company)
    if wish.outside is not None:
        return _look_outside(wish, wish.outside, actor)
    assert wish.backup is not None
    backup = wish.backup
    require(actor, "restores.add_restore", backup.company)
    if backup.status != Backup.Status.COMPLETED or not backup.manifest:
        raise NotReady(_("Only a completed backup can be restored."))
    if backup.company_id != wish.server.company_id:
        raise NotReady(_("A backup goes to a server of its own company."))
    if backup.options.get("data_only"):
        raise NotReady(_("This backup holds rows alone; a new database has no tables for them."))
    if not keyring.can_read():
        raise KeyMissing(_("This server holds public keys only: it cannot open what it stored."))
    record_use(database=wish.server, actor=actor, purpose="preflight of a restore")
    engine = engine_for(wish.server)
    found = engine.preflight(
        wish.server,
        backup.manifest,
        name=wish.name,
        replaces=wish.replacement is not None,
        options=wish.options,
    )
    own = [_integrity(backup), *_promised(wish), *_replacement(wish, actor)]
    return _Found([*own, *found, estimated_duration(backup)])


def _look_outside(wish: Wish, outside: FromOutside, actor: Actor) -> _Found:
    if outside.company.pk != wish.server.company_id:
        raise NotReady(_("A file goes to a server of its own company."))
    _refuse_roles(wish.options)
    record_use(database=wish.server, actor=actor, purpose="preflight of a restore")
    engine = engine_for(wish.server)
    checks, contents, size = look_at_file(outside=outside, engine=engine, actor=actor)
    manifest = {"contents": contents, "server_version": contents["server_version"]}
    found = engine.preflight(
        wish.server,
        manifest,
        name=wish.name,
        replaces=wish.replacement is not None,
        options=wish.options,
    )
    own = [*checks, *_promised(wish), *_replacement(wish, actor)]
    return _Found([*own, *found], contents, size)


def _refuse_roles(options: RestoreOptions) -> None:
    asked = {
        "role_map": options.role_map,
        "missing_roles": options.missing_roles != "refuse",
        "globals": options.with_globals,
    }
    for name, is_asked in asked.items():
        if is_asked:
            raise BadOption(name, _("A file from elsewhere brings no roles and no grants along."))


def request_restore(*, wish: Wish, actor: Actor) -> Restore:
    """Queue it, after what has to come before. Raises as `look_first`, BadOption and Blocked."""
    if wish.replacement is not None:
        wish.replacement.check(wish.name)
        if wish.server.deleted_at is not None:
            raise BadOption("server", _("Register the server's database first, to replace one."))
    looked = _look(wish, actor)
    blocking = [check for check in looked.checks if check.level == "blocking"]
    if blocking:
        raise Blocked(" ".join(check.message for check in blocking), checks=looked.checks)
    target = registered_target(wish.server, wish.name) if wish.replacement else None
    made: list[Restore] = []
    if target is not None and target.protected:
        require(actor, "restores.replace_protected", target.company)
        with transaction.atomic():
            made.append(_open(wish, actor, looked, status=Restore.Status.AWAITING_APPROVAL))
    elif target is not None and wish.replacement and wish.replacement.safety_backup:
        begin_guarded(
            target=target,
            actor=actor,
            on_made=lambda safety: made.append(_open(wish, actor, looked, safety=safety)),
        )
    else:
        with transaction.atomic():
            made.append(_open(wish, actor, looked))
            enqueue(made[0])
    return made[0]


def _open(
    wish: Wish,
    actor: Actor,
    looked: _Found,
    *,
    status: str = Restore.Status.PENDING,
    safety: Backup | None = None,
) -> Restore:
    """The rows. Called in a transaction."""
    person = actor if isinstance(actor, User) else None
    replaces = wish.replacement
    source = _source(wish, looked, actor)
    keep_for_a_restore(wish.server)
    file = open_file(
        kind=Kind.RESTORE,
        company=wish.company,
        name=wish.name,
        original_path=source.name,
        origin=source.origin,
        created_by=person,
    )
    restore = Restore.objects.create(
        company=wish.company,
        backup=wish.backup,
        received=source.received,
        outside=source.agreed,
        server=wish.server,
        target_name=wish.name,
        mode=Restore.Mode.REPLACE if replaces else Restore.Mode.NEW,
        wants_safety=replaces is not None and replaces.safety_backup,
        keep_old_days=replaces.keep_old_days if replaces else 0,
        options=asdict(_kept_options(wish)),
        preflight=[asdict(check) for check in looked.checks],
        status=status,
        safety=safety,
        file=file,
        created_by=person,
    )
    audit.record(
        actor=actor,
        action="restore.requested",
        thing=restore,
        company=restore.company,
        changes={
            "source": source.name,
            "backup": str(wish.backup.pk) if wish.backup else None,
            "server": wish.server.name,
            "name": wish.name,
            "mode": restore.mode,
            **source.agreed,
        },
    )
    if status == Restore.Status.AWAITING_APPROVAL:
        open_alert(
            key=f"restore.awaits_approval:{restore.pk}",
            company=restore.company,
            subject=_("The replacement of %(name)s waits for approval") % {"name": wish.name},
            text=_("Asked for by %(who)s.") % {"who": actor.get_username()},
            url=reverse("restores:detail", args=[restore.pk]),
            thing=restore,
        )
    return restore


def _kept_options(wish: Wish) -> RestoreOptions:
    """A file from elsewhere brings no owners along, whatever was asked for."""
    return wish.options if wish.outside is None else replace(wish.options, keep_owners=False)


@dataclass(frozen=True)
class _Source:
    name: str
    origin: str
    received: ReceivedFile | None = None
    agreed: dict[str, bool] = field(default_factory=dict)


def _source(wish: Wish, looked: _Found, actor: Actor) -> _Source:
    """What the rows of a restore say of where it comes from."""
    if wish.outside is None:
        assert wish.backup is not None
        return _Source(wish.backup.file_name, Origin.STORED)
    outside = wish.outside
    received = keep_file(outside=outside, contents=looked.contents, size=looked.size, actor=actor)
    return _Source(
        received.path or received.name,
        Origin.LOCAL if received.path else Origin.UPLOAD,
        received,
        {
            "accept_plain_sql": outside.accept_plain_sql,
            "accept_extensions": outside.accept_extensions,
        },
    )


def cancel_restore(*, restore: Restore, actor: Actor) -> None:
    """End it; nothing of it stays. Raises NotAllowed, or NotReady when it is over already."""
    require(actor, "restores.cancel_restore", restore.company)
    with transaction.atomic():
        audit.record(
            actor=actor, action="restore.cancel_asked", thing=restore, company=restore.company
        )
        if restore.file is None or not cancel_file(file=restore.file, by=actor.get_username()):
            raise NotReady(_("This restore is over already."))


def _replacement(wish: Wish, actor: Actor) -> list[PreflightCheck]:
    if wish.replacement is None:
        return []
    return list(
        look_at_replacement(
            server=wish.server,
            name=wish.name,
            replacement=wish.replacement,
            is_part=wish.options.is_part or (wish.backup is not None and wish.backup.is_part),
            may_protected=actor.may("restores.replace_protected", wish.server.company),
        )
    )


def _promised(wish: Wish) -> list[PreflightCheck]:
    """A name that another restore is about to take, or to give back."""
    others = Restore.objects.filter(
        Q(status__in=ACTIVE) | Q(errand=Restore.Errand.UNDO),
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
