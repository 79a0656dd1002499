"""What is to be told of databases and their backups while it is so: one function for each rule.

A run that failed says so itself, in its transaction (`backups.outcome`, `backups.checks.outcome`).
"""

import uuid
from datetime import datetime, timedelta

from django.db.models import Max, Min, QuerySet
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from access.policy import System
from backups.models import Backup, Database, LevelResult
from backups.standing import Standing, standings
from monitoring.alerts.models import Alert
from monitoring.alerts.services import Fact, resolve_gone, resolve_orphaned, settle
from monitoring.times.clock import database_now
from storage.models import StoredObject

WATCH = System("watch")
MOST = 1000


def alert_broken_promises() -> None:
    """No good backup within the promised time. Where nothing was promised nothing is told."""
    facts = [
        Fact(
            key=f"backup.overdue:{standing.database.pk}",
            company=standing.database.company,
            severity=Alert.Severity.CRITICAL,
            subject=_("No good backup of %(name)s in time") % {"name": standing.database.name},
            text=_overdue(standing),
            url=f"{reverse('backups:list')}?database={standing.database.pk}",
            thing=standing.database,
        )
        for standing in standings(actor=WATCH, now=database_now())
        if standing.is_overdue
    ]
    settle(rule="backup.overdue", facts=facts)


def _overdue(standing: Standing) -> str:
    """Without ages: a text that changes each minute would be written each minute."""
    if standing.good is None:
        return _("There is no good backup yet.")
    return _("The last good backup is from %(moment)s UTC.") % {
        "moment": f"{standing.good.created_at:%Y-%m-%d %H:%M}"
    }


def alert_old_proofs() -> None:
    """No drill has proven a backup for longer than the database allows."""
    now = database_now()
    proven = LevelResult.objects.filter(level=LevelResult.Level.RESTORE, passed=True)
    last = dict(
        proven.values("backup__database")
        .annotate(at=Max("checked_at"))
        .values_list("backup__database", "at")
    )
    good = Backup.objects.filter(status=Backup.Status.COMPLETED).values("database")
    first = dict(good.annotate(at=Min("completed_at")).values_list("database", "at"))
    facts = [
        _unproven(database, last.get(database.pk))
        for database in Database.objects.filter(proof_days__gt=0).select_related("company")
        # What was never backed up cannot be proven; that it is not is told by another rule.
        if _is_old(last.get(database.pk) or first.get(database.pk), database.proof_days, now)
    ]
    settle(rule="proof.old", facts=facts)


def _is_old(since: datetime | None, days: int, now: datetime) -> bool:
    return since is not None and since < now - timedelta(days=days)


def _unproven(database: Database, last: datetime | None) -> Fact:
    subject = ngettext(
        "%(name)s was not proven to restore for %(days)d day",
        "%(name)s was not proven to restore for %(days)d days",
        database.proof_days,
    )
    text = _("No restore drill of it has ever succeeded.")
    if last is not None:
        text = _("The last drill that succeeded was on %s.") % f"{last:%Y-%m-%d}"
    return Fact(
        key=f"proof.old:{database.pk}",
        company=database.company,
        severity=Alert.Severity.WARNING,
        subject=subject % {"name": database.name, "days": database.proof_days},
        text=text,
        url=f"{reverse('backups:list')}?database={database.pk}",
        thing=database,
    )


def alert_missing_copies() -> None:
    """A stored copy of a kept backup was found to be missing or damaged."""
    bad = [StoredObject.State.MISSING, StoredObject.State.CORRUPT]
    rows = StoredObject.objects.filter(state__in=bad, backups__deleted_at=None)
    found = rows.exclude(backups=None).select_related("target", "company")
    facts = []
    for stored in found.prefetch_related("backups__database").distinct()[:MOST]:
        backup = stored.backups.all()[0]
        facts.append(
            Fact(
                key=f"copy.missing:{stored.pk}",
                company=stored.company,
                severity=Alert.Severity.CRITICAL,
                subject=_("A copy of a backup of %(name)s at %(storage)s: %(state)s")
                % {
                    "name": backup.database.name,
                    "storage": stored.target.name,
                    "state": stored.get_state_display().lower(),
                },
                text=stored.key,
                url=reverse("backups:detail", args=[backup.pk]),
                thing=backup.database,
            )
        )
    settle(rule="copy.missing", facts=facts)


def end_alerts_of_what_is_gone() -> None:
    """A backup or a database that was removed needs nobody's attention."""
    for rule in ("check.failed", "drill.failed"):
        resolve_gone(rule=rule, still=lambda ids: _there(Backup.objects.all(), ids))
    resolve_orphaned(
        object_type=Database._meta.label_lower,
        still=lambda ids: _there(Database.objects.all(), ids),
    )


def _there(rows: QuerySet[Backup] | QuerySet[Database], ids: set[str]) -> set[str]:
    wanted = [uuid.UUID(one) for one in ids]
    return {str(pk) for pk in rows.filter(pk__in=wanted).values_list("pk", flat=True)}
