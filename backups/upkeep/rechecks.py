"""Each copy is read and compared with its sha256 once in so many days, spread over all of them.

After each one there is a pause, as long as that copy is a part of all bytes; so the work of a
period is spread evenly over it, and needs no plan that could be lost. Decision 028.
"""

import time
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import Count, Q, QuerySet, Sum
from django.db.models.functions import Coalesce

from backups.checks.queueing import ACTIVE, enqueue
from backups.models import Backup, Check, LevelResult
from faults import reach
from monitoring.files.models import TrackedFile
from monitoring.files.services import open_file
from monitoring.files.stages import READING, Kind, Origin
from monitoring.times.clock import database_now
from storage.models import StoredObject

LOOK_SECONDS = 60.0
# What each copy weighs besides its bytes: a thousand small ones are not read in a row.
FLOOR_BYTES = 1 << 20
# A little sooner than the period, so that a day without a quiet hour delays nothing.
PACE = 0.9
CATCHING_UP = 4
# What was lost may be back, such as a disk that was away.
LOST_AGAIN_AFTER = timedelta(days=1)
AT_WORK = (Kind.BACKUP, Kind.RESTORE, Kind.DRILL, Kind.COPY)

_looked: list[float] = []


def queue_rechecks() -> int:
    """Ask for the next re-check when its time has come. A duty of the tick, each minute."""
    now = time.monotonic()
    if settings.ENVIRONMENT.recheck_days == 0 or (_looked and now - _looked[-1] < LOOK_SECONDS):
        return 0
    _looked[:] = [now]
    stored = next_copy()
    return int(stored is not None and request_recheck(stored) is not None)


def next_copy() -> StoredObject | None:
    """The copy that was not looked at for longest, when it is due and everything else is quiet."""
    now, period = database_now(), timedelta(days=settings.ENVIRONMENT.recheck_days)
    oldest: Any = _due(now, period).order_by("looked_at").first()
    if oldest is None or Check.objects.filter(stored__isnull=False, status__in=ACTIVE).exists():
        return None
    overdue: timedelta = now - oldest.looked_at - period
    # What is never quiet must not be never checked; backups come before it anyway.
    if overdue < period / 2 and _is_busy():
        return None
    last = Check.objects.filter(stored__isnull=False).order_by("-created_at").first()
    if last is not None and last.created_at <= now:
        pause = _pause_after(last, period)
        if overdue > timedelta(0):
            pause /= CATCHING_UP
        if now - last.created_at < pause:
            return None
    found: StoredObject = oldest
    return found


@transaction.atomic
def request_recheck(stored: StoredObject) -> Check | None:
    """Queue it; None when its backup is being deleted or checked."""
    rows: QuerySet[Backup] = Backup.objects.select_for_update(of=("self",))
    backup = rows.select_related("company").filter(stored_objects=stored).first()
    if backup is None or backup.checks.filter(status__in=ACTIVE).exists():
        return None
    file = open_file(
        kind=Kind.DRILL,
        only=READING,
        company=backup.company,
        name=backup.file_name,
        original_path=stored.key,
        origin=Origin.STORED,
    )
    check = Check.objects.create(
        company=backup.company,
        backup=backup,
        stored=stored,
        file=file,
        level=LevelResult.Level.CHECKSUM,
    )
    enqueue(check)
    reach("recheck.before-commit")
    return check


def _due(now: datetime, period: timedelta) -> QuerySet[Any]:
    """Copies of backups that are there. What was looked at in a future was not looked at."""
    looked = Coalesce("checked_at", "stored_at")
    rows = _copies().annotate(looked_at=looked)
    whole = StoredObject.State.STORED
    long_ago = Q(state=whole, looked_at__lt=now - period / 2)
    lost = ~Q(state=whole) & Q(looked_at__lt=now - LOST_AGAIN_AFTER)
    rows = rows.filter(long_ago | lost | Q(looked_at__gt=now + timedelta(hours=1)))
    # A place that is away must not stand before the others.
    failed = Check.objects.filter(
        stored__isnull=False,
        status=Backup.Status.FAILED,
        created_at__gt=now - LOST_AGAIN_AFTER,
    )
    return rows.exclude(pk__in=failed.values("stored")).select_related("target")


def _copies() -> QuerySet[StoredObject]:
    rows: QuerySet[StoredObject] = StoredObject.objects.exclude(state=StoredObject.State.DELETED)
    there = Backup.objects.filter(status=Backup.Status.COMPLETED)
    return rows.filter(backups__in=there).distinct()


def _pause_after(last: Check, period: timedelta) -> timedelta:
    all_of = StoredObject.objects.exclude(state=StoredObject.State.DELETED)
    sums = all_of.aggregate(size=Sum("size"), count=Count("pk"))
    whole = (sums["size"] or 0) + FLOOR_BYTES * sums["count"]
    size = (last.stored.size if last.stored else 0) + FLOOR_BYTES
    share: float = size / max(whole, size)
    return period * PACE * share


def _is_busy() -> bool:
    at_work = (TrackedFile.Status.QUEUED, TrackedFile.Status.PROCESSING)
    return TrackedFile.objects.filter(kind__in=AT_WORK, status__in=at_work).exists()
