"""Verbs on databases and backups: permission, checks, rows, audit and queue in one transaction."""

import uuid
from collections.abc import Mapping
from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models.functions import Now
from django.utils.translation import gettext as _
from django_q.models import OrmQ
from django_q.tasks import async_task

from access import audit
from access.models import Company, User
from access.policy import Actor, require
from backups import run
from backups.engines import ServerFacts, engine_for
from backups.errors import (
    AlreadyRunning,
    BadOption,
    DiskFull,
    NotFound,
    StorageUnavailable,
    WorkerLost,
)
from backups.models import Backup, Database
from backups.options import is_storable, parse_options
from monitoring.files import claims
from monitoring.files.models import TrackedFile
from monitoring.files.services import open_file
from monitoring.files.stages import Kind
from storage.backends import backend_for
from storage.errors import StorageError
from storage.models import StorageTarget

LONGEST_BACKUP_NAME = 200
QUEUE = "long"
ACTIVE = (Backup.Status.PENDING, Backup.Status.RUNNING)
SENT_TO = ("host", "port", "username", "tls_mode")
EDITABLE = ("name", "host", "port", "database_name", "username", "tls_mode")


def request_backup(
    *,
    database: Database,
    options: Mapping[str, Any],
    actor: Actor,
    trigger: str,
    storage: StorageTarget | None = None,
    name: str = "",
    force: bool = False,
) -> Backup:
    """Queue a backup of the database. Raises NotAllowed or BackupError; then nothing is queued.

    Whoever asks is told at once of a server that cannot be reached; a schedule is not, its
    failure belongs in a row that people see later.
    """
    require(actor, "backups.add_backup", database.company)
    parsed = parse_options(options)
    if len(name) > LONGEST_BACKUP_NAME or not is_storable(name):
        raise BadOption("name", _("The name is too long, or not a text."))
    target = storage or _default_storage(database.company)
    if not force:
        _refuse_second(database)
    _refuse_full(target)
    if trigger != Backup.Trigger.SCHEDULE:
        engine_for(database).test_connection(database)
    with transaction.atomic():
        # One request at a time for a database: two of them must not both find it idle.
        locked = Database.objects.select_for_update().get(pk=database.pk)
        if not force:
            _refuse_second(locked)
        backup = Backup(
            company=locked.company,
            database=locked,
            storage=target,
            name=name or locked.name,
            label=parsed.label,
            comment=parsed.comment,
            trigger=trigger,
            options=parsed.as_json(),
            created_by=actor if isinstance(actor, User) else None,
        )
        file = open_file(
            kind=Kind.BACKUP,
            company=locked.company,
            name=backup.name,
            original_path=f"{locked.engine}://{locked.host}/{locked.database_name}",
        )
        backup.file = file
        backup.save()
        backup.refresh_from_db(fields=["created_at"])
        base = run.base_name(backup)
        Backup.objects.filter(pk=backup.pk).update(file_name=base)
        TrackedFile.objects.filter(pk=file.pk).update(name=base)
        backup.file_name = base
        audit.record(
            actor=actor,
            action="backup.requested",
            thing=backup,
            company=locked.company,
            changes={"options": backup.options, "trigger": trigger},
        )
        enqueue(backup)
    return backup


def enqueue(backup: Backup) -> None:
    """Wake a worker. The task only names the row; a second one for it does nothing."""
    async_task("backups.tasks.run_backup", str(backup.pk), cluster=QUEUE, group="backup")


def run_backup(*, backup_id: uuid.UUID) -> None:
    """What a worker does when it is woken: claim the backup and carry it out.

    Does nothing when the backup is claimed already, or when another one of its database runs;
    that one's end wakes this one.
    """
    with transaction.atomic():
        backup = (
            Backup.objects.select_related("database", "company", "storage", "file")
            .filter(pk=backup_id, status=Backup.Status.PENDING)
            .first()
        )
        if backup is None or backup.file is None:
            return
        Database.objects.select_for_update().get(pk=backup.database_id)
        if Backup.objects.filter(
            database_id=backup.database_id, status=Backup.Status.RUNNING
        ).exists():
            return
        claim = claims.claim(file_id=backup.file.pk)
        if claim is None:
            return
        Backup.objects.filter(pk=backup.pk).update(
            status=Backup.Status.RUNNING, started_at=claim.rows().values("started_at")[:1]
        )
    try:
        run.carry_out(backup=backup, claim=claim)
    finally:
        wake_next(database_id=backup.database_id)


def wake_next(*, database_id: uuid.UUID) -> None:
    waiting = Backup.objects.filter(database_id=database_id, status=Backup.Status.PENDING)
    following = waiting.order_by("created_at").first()
    if following is not None:
        enqueue(following)


def fail_lost_backups() -> int:
    """End the backups whose worker is gone. Called by the tick; returns how many there were."""
    lost = Backup.objects.filter(
        status=Backup.Status.RUNNING, file__in=claims.expired()
    ).select_related("company", "file", "database", "storage")
    count = 0
    for backup in lost:
        failed = run.fail(
            backup=backup,
            claim=None,
            error=WorkerLost(_("The worker that made this backup is gone.")),
        )
        if not failed:
            continue
        if backup.file is not None:
            run.remove_leftovers(backup=backup, attempt=backup.file.attempt)
        wake_next(database_id=backup.database_id)
        count += 1
    return count


def wake_forgotten_backups(*, older_than_seconds: int = 30) -> int:
    """Wake again what waits though nothing of its database runs: a wake-up may be lost.

    Not while wake-ups wait for a free worker: each round would add to them.
    """
    if OrmQ.objects.filter(key=QUEUE, lock__lte=Now()).exists():
        return 0
    busy = Backup.objects.filter(status=Backup.Status.RUNNING).values("database_id")
    waiting = (
        Backup.objects.filter(status=Backup.Status.PENDING, file__status=TrackedFile.Status.QUEUED)
        .exclude(database_id__in=busy)
        .filter(claims.older_than("created_at", older_than_seconds))
        .order_by("database_id", "created_at")
        .distinct("database_id")
    )
    found = list(waiting)
    for backup in found:
        enqueue(backup)
    return len(found)


def test_connection(*, database: Database, actor: Actor) -> ServerFacts:
    """Reach the server and say what it is. Raises NotAllowed or BackupError saying what is wrong.

    `database` may be unsaved, so that a form can test before it saves.
    """
    require(actor, "backups.test_database", database.company)
    return engine_for(database).test_connection(database)


@transaction.atomic
def create_database(
    *,
    company: Company,
    name: str,
    host: str,
    port: int,
    database_name: str,
    username: str,
    password: str,
    tls_mode: str,
    actor: Actor,
) -> Database:
    """Register a database. Raises NotAllowed or ValidationError."""
    require(actor, "backups.add_database", company)
    database = Database(
        company=company,
        name=name,
        host=host,
        port=port,
        database_name=database_name,
        username=username,
        tls_mode=tls_mode,
    )
    database.password = _checked_password(password)
    database.full_clean()
    database.save(force_insert=True)
    audit.record(
        actor=actor,
        action="database.created",
        thing=database,
        company=company,
        changes={field: getattr(database, field) for field in EDITABLE},
    )
    return database


@transaction.atomic
def update_database(
    *, database: Database, actor: Actor, password: str | None = None, **changes: Any
) -> Database:
    """Change the named fields; a password of None stays as it is, for the same server only.

    Raises NotAllowed or ValidationError.
    """
    require(actor, "backups.change_database", database.company)
    unknown = set(changes) - set(EDITABLE)
    if unknown:
        raise ValidationError(_("These cannot be changed: %s") % ", ".join(sorted(unknown)))
    locked: Database = Database.objects.select_for_update().get(pk=database.pk)
    before = {field: getattr(locked, field) for field in changes}
    moved = [field for field in SENT_TO if field in changes and changes[field] != before[field]]
    if moved and password is None and locked.password_sealed:
        # Else who may change a host could have the password sent to a machine of their own.
        raise ValidationError(_("Enter the password again: it was given for another server."))
    for field, value in changes.items():
        setattr(locked, field, value)
    written = list(changes)
    if password is not None:
        locked.password = _checked_password(password)
        written.append("password_sealed")
    locked.full_clean()
    locked.save(update_fields=written)
    audit.record(
        actor=actor,
        action="database.changed",
        thing=locked,
        company=locked.company,
        changes={
            "before": before,
            "after": changes,
            "new_secret": password is not None,
        },
    )
    return locked


def _checked_password(password: str) -> str:
    """Raises ValidationError for what a password file cannot hold (libpq, "The Password File")."""
    if any(character in password for character in "\0\n\r"):
        raise ValidationError({"password": _("A password cannot hold a line break.")})
    return password


def _refuse_second(database: Database) -> None:
    if Backup.objects.filter(database=database, status__in=ACTIVE).exists():
        raise AlreadyRunning(
            _("A backup of %(name)s is running already.") % {"name": database.name}
        )


def _refuse_full(target: StorageTarget) -> None:
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


def _default_storage(company: Company) -> StorageTarget:
    targets = StorageTarget.objects.filter(company=company).order_by("-is_default", "name")
    found: StorageTarget | None = targets.first()
    if found is None:
        raise NotFound(_("There is no storage for %(company)s yet.") % {"company": company.name})
    return found
