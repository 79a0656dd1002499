"""The visible course of a check at work, in the shape of a backup's."""

from dataclasses import dataclass

from django.utils import timezone
from django.utils.translation import gettext as _

from backups.models import Backup, Check
from backups.pages.course import ETA_FROM_PERCENT, Course, view_of
from look.units import grouped
from monitoring.files.models import Stage
from monitoring.files.selectors import stage_in_progress

# The stage whose progress is counted in tables, not in bytes.
COMPARE = "compare"


@dataclass(frozen=True)
class CheckCourse(Course):
    """`counted` says how far a stage is whose progress is no matter of bytes."""

    counted: str = ""


def course_of_check(check: Check) -> CheckCourse:
    file = check.file
    stage = stage_in_progress(file) if file else None
    by_bytes = stage if stage is not None and stage.key != COMPARE else None
    rate = _rate(by_bytes)
    name = check.backup.database.name
    return CheckCourse(
        id=str(check.pk),
        name=f"{name}, {check.get_level_display()}",
        is_waiting=check.status == Backup.Status.PENDING,
        is_over=False,
        stages=[view_of(one, ()) for one in file.stages.all()] if file else [],
        progress=file.progress if file else 0.0,
        bytes_done=(by_bytes.bytes_done or 0) if by_bytes else 0,
        bytes_total=by_bytes.bytes_total if by_bytes else None,
        rate=rate,
        eta_seconds=_eta(by_bytes, rate),
        counted=_tables(stage),
    )


def _rate(stage: Stage | None) -> float | None:
    if stage is None or stage.started_at is None or not stage.bytes_done:
        return None
    seconds = (timezone.now() - stage.started_at).total_seconds()
    return stage.bytes_done / seconds if seconds > 0 else None


def _eta(stage: Stage | None, rate: float | None) -> float | None:
    if stage is None or not rate or not stage.bytes_total or stage.progress < ETA_FROM_PERCENT:
        return None
    return max(0, round((stage.bytes_total - (stage.bytes_done or 0)) / rate))


def _tables(stage: Stage | None) -> str:
    if stage is None or stage.key != COMPARE or not stage.bytes_total:
        return ""
    counts = {"done": grouped(stage.bytes_done or 0), "total": grouped(stage.bytes_total)}
    return _("%(done)s of %(total)s tables") % counts
