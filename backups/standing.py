"""How each database stands: its newest backup, its newest good one, and whether that is enough."""

import uuid
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from access.policy import Actor
from backups.models import Backup, Database
from backups.options import NARROWING
from backups.promise import Promise, promises_of
from look.units import age, duration

# A partial drill takes nothing from good bytes: something could not be restored on this machine.
COUNTS = (Backup.Validation.GOOD, Backup.Validation.PARTIAL, Backup.Validation.PROVEN)


@dataclass(frozen=True)
class Standing:
    """A database is safe when a whole backup that counts was made within the promise."""

    database: Database
    newest: Backup | None
    good: Backup | None
    now: datetime
    promise: Promise = field(default_factory=Promise)

    @property
    def good_age(self) -> timedelta | None:
        return self.now - _moment(self.good) if self.good else None

    @property
    def size_bytes(self) -> int | None:
        """What the newest good backup read at its source."""
        return self.good.source_bytes if self.good else None

    @property
    def server_version(self) -> str:
        known = [backup.server_version for backup in (self.newest, self.good) if backup]
        return next(filter(None, known), "")

    @property
    def place(self) -> str:
        """Where the server is; a socket folder is this machine."""
        host = self.database.host
        return _("this machine") if host.startswith("/") else host

    @property
    def is_safe(self) -> bool:
        return self.good is not None and self.now < self.promised_until

    @property
    def is_overdue(self) -> bool:
        """Whether a promise was given and is broken: not only that there is no backup yet."""
        return self.promise.was_given and self.now >= self.promised_until

    @property
    def promised_until(self) -> datetime:
        """When the next good backup has to be there."""
        since = _moment(self.good) if self.good else self.database.created_at
        return self.promise.ends(good=since)

    @property
    def is_running(self) -> bool:
        return self.newest is not None and not self.newest.is_over

    @property
    def state(self) -> str:
        """The state's badge: see look.badges."""
        if self.good and self.is_safe:
            return self.good.validation
        if self.newest is None:
            return "missing"
        if self.is_running:
            return "running"
        if self.newest.status in (Backup.Status.FAILED, Backup.Status.CANCELLED):
            return self.newest.status
        if self.newest.validation in COUNTS:
            return Backup.Validation.PARTIAL if self._newest_is_a_part else "late"
        return self.newest.validation

    @property
    def reason(self) -> str:
        """Why it is not safe, in one sentence; empty when it is."""
        if self.is_safe:
            return ""
        return f"{self._before()} {self._now()}".strip()

    @property
    def _newest_is_a_part(self) -> bool:
        return self.newest is not None and self.newest.is_part

    def _before(self) -> str:
        if self.good is None:
            return _("There is no good backup yet.")
        return _("The last good backup is from %(age)s; the next was promised %(late)s ago.") % {
            "age": age(self.good_age),
            "late": duration(self.now - self.promised_until),
        }

    def _now(self) -> str:
        if self.newest is None:
            return ""
        if self.is_running:
            return _("One is running.")
        if self.newest.error:
            return _("The newest one failed: %(error)s") % {"error": self.newest.error}
        if self._newest_is_a_part:
            return _("The newest one holds a part of the database only.")
        if self.newest.validation_detail and self.newest.validation not in COUNTS:
            return self.newest.validation_detail
        return ""


def standings(*, actor: Actor, now: datetime | None = None) -> list[Standing]:
    """Every database the actor may see, in four queries whatever their number."""
    visible = Backup.objects.visible_to(actor)
    newest = _first_of_each(visible)
    whole = visible.exclude(options__has_any_keys=NARROWING)
    good = _first_of_each(whole.filter(status=Backup.Status.COMPLETED, validation__in=COUNTS))
    moment = now or timezone.now()
    databases = list(Database.objects.visible_to(actor).select_related("company"))
    promises = promises_of(databases, longest=_took(good))
    return [
        Standing(one, newest.get(one.pk), good.get(one.pk), moment, promises[one.pk])
        for one in databases
    ]


def _took(good: dict[uuid.UUID, Backup]) -> dict[uuid.UUID, timedelta]:
    return {
        database: backup.completed_at - backup.started_at
        for database, backup in good.items()
        if backup.completed_at and backup.started_at
    }


def unsafe(found: Iterable[Standing]) -> list[Standing]:
    return [standing for standing in found if not standing.is_safe]


def _first_of_each(backups: QuerySet[Backup]) -> dict[uuid.UUID, Backup]:
    newest = backups.order_by("database_id", "-created_at", "-id").distinct("database_id")
    return {backup.database_id: backup for backup in newest.defer("manifest")}


def _moment(backup: Backup) -> datetime:
    """When a backup's content is from: the dump's begin, never its end."""
    return backup.started_at or backup.created_at
