"""The rows of new backups, with their audit and their place in the queue. Checks come before."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db import connection

from access import audit
from access.models import User
from access.policy import Actor
from backups.models import Backup, Database
from backups.naming import base_name
from backups.options import Options
from backups.queueing import enqueue_all
from monitoring.files.models import LogLine, TrackedFile
from monitoring.files.services import open_files
from monitoring.files.stages import Kind, Origin
from storage.models import StorageTarget


@dataclass(frozen=True)
class Wanted:
    """`warning` goes into the log of the run; `facts` are further fields, such as a schedule."""

    database: Database
    target: StorageTarget
    options: Options
    name: str = ""
    warning: str = ""
    facts: dict[str, Any] = field(default_factory=dict)


def make_backup(wanted: Wanted, *, actor: Actor, trigger: str) -> Backup:
    """Call it in a transaction."""
    return make_backups([wanted], actor=actor, trigger=trigger)[0]


def make_backups(wanted: Sequence[Wanted], *, actor: Actor, trigger: str) -> list[Backup]:
    """Many in a few statements, queued in this order. Call it in a transaction."""
    moment = transaction_moment()
    made = [_backup(one, actor, trigger, moment) for one in wanted]
    open_files([backup.file for backup in made if backup.file is not None])
    Backup.objects.bulk_create(made)
    LogLine.objects.bulk_create(
        LogLine(
            file=backup.file, level=LogLine.Level.WARNING, message=one.warning, source="holdfast"
        )
        for backup, one in zip(made, wanted, strict=True)
        if one.warning
    )
    audit.record_all(
        audit.entry(
            actor=actor,
            action="backup.requested",
            thing=backup,
            company=backup.company,
            changes={"options": backup.options, "trigger": trigger},
        )
        for backup in made
    )
    enqueue_all(made)
    return made


def transaction_moment() -> datetime:
    """When the transaction began, by the database's clock: what `Now()` writes in it."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT now()")
        found: datetime = cursor.fetchone()[0]
        return found


def _backup(wanted: Wanted, actor: Actor, trigger: str, moment: datetime) -> Backup:
    database = wanted.database
    person = actor if isinstance(actor, User) else None
    backup = Backup(
        id=uuid.uuid4(),
        company=database.company,
        database=database,
        storage=wanted.target,
        name=wanted.name or database.name,
        label=wanted.options.label,
        comment=wanted.options.comment,
        trigger=trigger,
        options=wanted.options.as_json(),
        created_by=person,
        created_at=moment,
        **wanted.facts,
    )
    backup.file_name = base_name(backup)
    backup.file = TrackedFile(
        kind=Kind.BACKUP,
        company=database.company,
        name=backup.file_name,
        original_path=f"{database.engine}://{database.host}/{database.database_name}"[:500],
        origin=Origin.DATABASE,
        created_by=person,
    )
    return backup
