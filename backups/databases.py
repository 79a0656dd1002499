"""Verbs on databases: try the connection, register, change."""

from collections.abc import Sequence
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from access import audit
from access.models import Company
from access.policy import Actor, require
from backups.copying.rule import copy_to, names_of
from backups.engines import ServerFacts
from backups.errors import BadOption, NotFound
from backups.models import Database
from backups.retention import parse_retention
from backups.secret_use import reach_server
from monitoring.expected.models import ExpectedBackupJob
from storage.models import StorageTarget

SENT_TO = ("host", "port", "username", "tls_mode")
CONNECTION = ("name", "host", "port", "database_name", "username", "tls_mode")
EDITABLE = (*CONNECTION, "drill_every", "drill_days", "promise_hours", "proof_days", "protected")
# Not on the form of the connection: the page of what is kept has it.
CHANGEABLE = (*EDITABLE, "retention")


def test_connection(*, database: Database, actor: Actor) -> ServerFacts:
    """Reach the server and say what it is. Raises NotAllowed or BackupError saying what is wrong.

    `database` may be unsaved, so that a form can test before it saves.
    """
    require(actor, "backups.test_database", database.company)
    return reach_server(database=database, actor=actor)


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
    drill_every: int = 1,
    drill_days: int | None = None,
    promise_hours: int | None = None,
    proof_days: int = 30,
    protected: bool = False,
    retention: dict[str, Any] | None = None,
    copy_storages: Sequence[StorageTarget] = (),
) -> Database:
    """Register a database. Raises NotAllowed, BadOption or ValidationError."""
    require(actor, "backups.add_database", company)
    database = Database(
        company=company,
        name=name,
        host=host,
        port=port,
        database_name=database_name,
        username=username,
        tls_mode=tls_mode,
        drill_every=drill_every,
        drill_days=drill_days,
        promise_hours=promise_hours,
        proof_days=proof_days,
        protected=protected,
        retention=_checked_retention(retention),
    )
    database.password = _checked_password(password)
    database.full_clean()
    database.save(force_insert=True)
    if copy_storages:
        copy_to(database=database, targets=copy_storages)
    audit.record(
        actor=actor,
        action="database.created",
        thing=database,
        company=company,
        changes={
            **{field: getattr(database, field) for field in CHANGEABLE},
            "copy_storages": names_of(copy_storages),
        },
    )
    return database


@transaction.atomic
def update_database(
    *,
    database: Database,
    actor: Actor,
    password: str | None = None,
    copy_storages: Sequence[StorageTarget] | None = None,
    **changes: Any,
) -> Database:
    """Change the named fields; a password of None stays as it is, for the same server only.

    Raises NotAllowed, NotFound, BadOption or ValidationError.
    """
    require(actor, "backups.change_database", database.company)
    unknown = set(changes) - set(CHANGEABLE)
    if unknown:
        raise ValidationError(_("These cannot be changed: %s") % ", ".join(sorted(unknown)))
    locked: Database | None = Database.objects.select_for_update().filter(pk=database.pk).first()
    if locked is None:
        raise NotFound(_("There is no such database."))
    if "retention" in changes:
        changes["retention"] = _checked_retention(changes["retention"])
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
    if copy_storages is not None:
        before["copy_storages"] = names_of(locked.copy_storages.all())
        changes["copy_storages"] = names_of(copy_storages)
        copy_to(database=locked, targets=copy_storages)
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


def _checked_retention(given: dict[str, Any] | None) -> dict[str, int]:
    """Of the backups that no schedule made; nothing keeps them all. Raises BadOption."""
    return {name: number for name, number in parse_retention(given).items() if number}


def _checked_password(password: str) -> str:
    """Raises ValidationError for what a password file cannot hold (libpq, "The Password File")."""
    if any(character in password for character in "\0\n\r"):
        raise ValidationError({"password": _("A password cannot hold a line break.")})
    return password


@transaction.atomic
def link_database(*, database: Database, job: ExpectedBackupJob | None, actor: Actor) -> None:
    """Tell the expected backup of each backup of the database from now on; None: no longer.

    Raises NotAllowed, NotFound, or BadOption when it is another company's or database's.
    """
    require(actor, "backups.change_database", database.company)
    rows = Database.objects.select_for_update(of=("self",))
    locked: Database | None = rows.filter(pk=database.pk).first()
    if locked is None:
        raise NotFound(_("There is no such database."))
    if job is not None and job.company_id != locked.company_id:
        raise BadOption("expected_job", _("An expected backup of another company cannot be used."))
    if job is not None and Database.every.filter(expected_job=job).exclude(pk=locked.pk).exists():
        raise BadOption("expected_job", _("Another database is linked to it."))
    locked.expected_job = job
    locked.save(update_fields=["expected_job"])
    audit.record(
        actor=actor,
        action="database.linked",
        thing=locked,
        company=locked.company,
        changes={"expected_job": job.pk if job else None},
    )
