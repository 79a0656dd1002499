"""How long a restore is likely to take: as its latest drill, or as the latest restore, by size."""

from django.db.models import F
from django.utils.translation import gettext as _

from backups.engines import PreflightCheck
from backups.models import Backup, Check
from restores.models import Restore

MINUTE = 60


def estimated_duration(backup: Backup) -> PreflightCheck:
    """A drill's server is another one, so it is told as an estimate, always ok."""
    seconds = _of_earlier_restores(backup)
    if seconds is None:
        seconds = _of_drills(backup)
    if seconds is None:
        return PreflightCheck("duration", "ok", _("Not known: nothing like it was restored yet."))
    if seconds < MINUTE:
        said = _("Likely under a minute.")
    else:
        said = _("Likely about %(minutes)d min.") % {"minutes": round(seconds / MINUTE)}
    return PreflightCheck("duration", "ok", said, f"{seconds:.0f} s")


def _of_earlier_restores(backup: Backup) -> float | None:
    earlier = (
        Restore.objects.filter(
            backup__database=backup.database_id,
            status=Restore.Status.COMPLETED,
            started_at__isnull=False,
            backup__size_bytes__gt=0,
        )
        .annotate(took=F("completed_at") - F("started_at"))
        .order_by("-completed_at")
        .values_list("took", "backup__size_bytes")
        .first()
    )
    return _scaled(earlier[0].total_seconds(), earlier[1], backup) if earlier else None


def _of_drills(backup: Backup) -> float | None:
    drill = (
        Check.objects.filter(
            backup__database=backup.database_id,
            restore_seconds__isnull=False,
            backup__size_bytes__gt=0,
        )
        .order_by("-completed_at")
        .values_list("restore_seconds", "backup__size_bytes")
        .first()
    )
    return _scaled(drill[0], drill[1], backup) if drill else None


def _scaled(seconds: float, size: int, backup: Backup) -> float:
    return seconds * (backup.size_bytes or size) / size
