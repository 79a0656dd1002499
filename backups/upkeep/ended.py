"""The tracks of ended work in the rows of backups: due times, copies that failed, re-checks.

What a backup is, and what the checks of it that people or rules asked for have found, stays.
"""

from datetime import timedelta
from typing import Any

from django.conf import settings
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.db.models.functions import Now

from backups.models import Backup, Check, Copy, DueTime
from backups.services import ACTIVE

BATCH = 500


def forget_ended_tracks() -> int:
    """Remove a batch of each; how many. A duty of the tick."""
    return sum(_remove(rows) for rows in (_due_times(), _copies(), _rechecks()))


def _due_times() -> QuerySet[DueTime]:
    """Not the newest of a schedule, which its page shows, nor one that is to be tried again."""
    newer = DueTime.objects.filter(schedule=OuterRef("schedule"), due_at__gt=OuterRef("due_at"))
    at_work = Backup.objects.filter(due_time=OuterRef("pk"), status__in=ACTIVE)
    rows = DueTime.objects.filter(Q(due_at__lt=_long_ago(), created_at__lt=_long_ago()))
    return rows.filter(Exists(newer), ~Exists(at_work), retry_at=None)


def _copies() -> QuerySet[Copy]:
    ended = (Backup.Status.FAILED, Backup.Status.CANCELLED)
    rows: QuerySet[Copy] = Copy.objects.filter(status__in=ended, completed_at__lt=_long_ago())
    # While a file is there, its debts are; its course must know whose they are.
    return rows.filter(retry_at=None, file=None)


def _rechecks() -> QuerySet[Check]:
    """Not the newest of a copy: what it found is the copy's standing."""
    newer = Check.objects.filter(stored=OuterRef("stored"), created_at__gt=OuterRef("created_at"))
    rows: QuerySet[Check] = Check.objects.filter(stored__isnull=False, file=None)
    return rows.filter(Exists(newer), completed_at__lt=_long_ago())


def _long_ago() -> Any:
    return Now() - timedelta(days=settings.ENVIRONMENT.tracking_days)


def _remove(rows: QuerySet[Any]) -> int:
    batch = list(rows.order_by("created_at").values_list("pk", flat=True)[:BATCH])
    return rows.model._default_manager.filter(pk__in=batch).delete()[0] if batch else 0
