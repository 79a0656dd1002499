"""The orphans of a storage in the shape of the API."""

from datetime import datetime, timedelta
from typing import Any

from django.conf import settings

from backups.description import iso
from backups.upkeep.orphans import Walk
from storage.models import Orphan, StorageTarget

MOST_SHOWN = 200


def describe_orphans(target: StorageTarget, walk: Walk | None = None) -> dict[str, Any]:
    """Those in quarantine, the oldest first; and what a look just now has found."""
    rows = Orphan.objects.filter(target=target)
    return {
        "storage": {"id": str(target.pk), "name": target.name},
        "days": settings.ENVIRONMENT.orphan_days,
        "count": rows.count(),
        "results": [describe_orphan(orphan) for orphan in rows[:MOST_SHOWN]],
        "looked": None
        if walk is None
        else {
            "dry_run": walk.dry_run,
            "complete": walk.complete,
            "found": walk.found,
            "bytes": walk.bytes,
            "removed": walk.removed,
        },
    }


def describe_orphan(orphan: Orphan) -> dict[str, Any]:
    return {
        "key": orphan.key,
        "size": orphan.size,
        "first_seen_at": iso(orphan.first_seen_at),
        "goes_at": iso(goes_at(orphan)),
    }


def goes_at(orphan: Orphan) -> datetime:
    """Not before then: it must have been seen on as many days, too."""
    found: datetime = orphan.first_seen_at + timedelta(days=settings.ENVIRONMENT.orphan_days)
    return found
