"""The tick's part in retention: each database once a night, and after its schedules' backups."""

from datetime import datetime, timedelta

import structlog
from django.conf import settings
from django.db.models import Exists, F, OuterRef, Q, QuerySet

from access.policy import System
from backups.models import Backup, Cleanup, Database
from backups.retention.cleanup import carry_out, clean_database
from faults import reach
from monitoring.times.clock import CORRECTION, database_now
from monitoring.times.due import Timing, newest_due, next_due

log = structlog.get_logger(__name__)

NIGHT = "0 3 * * *"
MOST_IN_A_ROUND = 20
ACTOR = System("cleanup")


def clean_up() -> int:
    """End what a crash left, then clean what is due; how many databases. By the tick."""
    for cleanup in Cleanup.objects.filter(ended_at=None).order_by("created_at")[:MOST_IN_A_ROUND]:
        carry_out(cleanup=cleanup, actor=ACTOR)
    now = database_now()
    due = list(_due(now)[:MOST_IN_A_ROUND])
    for database in due:
        try:
            clean_database(database=database, actor=ACTOR)
        except Exception:
            # One whose rows cannot be read must not stand before the others.
            log.exception("cleanup_broke", database=str(database.pk))
        reach("retention.cleaned")
        Database.objects.filter(pk=database.pk).update(cleaned_at=now)
    return len(due)


def next_night(now: datetime) -> datetime:
    return next_due(_night(), after=now) or now


def last_night(now: datetime) -> datetime | None:
    return newest_due(_night(), after=now - timedelta(days=2), until=now)


def _due(now: datetime) -> QuerySet[Database]:
    """Not since last night; or a schedule of it has made a backup since; or the clock was ahead."""
    night = last_night(now)
    newer = Backup.objects.filter(
        database=OuterRef("pk"), schedule__isnull=False, completed_at__gt=OuterRef("cleaned_at")
    )
    rows: QuerySet[Database] = Database.objects.select_related("company").order_by(
        F("cleaned_at").asc(nulls_first=True)
    )
    return rows.filter(
        Q(cleaned_at=None)
        | Q(cleaned_at__lt=night)
        | Q(cleaned_at__gt=now + CORRECTION)
        | Exists(newer)
    )


def _night() -> Timing:
    epoch = datetime.fromisoformat("2020-01-01T00:00:00+00:00")
    return Timing(anchor=epoch, zone=settings.TIME_ZONE, cron=NIGHT)
