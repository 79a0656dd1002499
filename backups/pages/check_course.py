"""The visible course of a check at work, in the shape of a backup's; a restore has its like."""

from dataclasses import dataclass

from django.utils.translation import gettext as _

from backups.description import eta_of, rate_of
from backups.models import Backup, Check
from backups.pages.course import ETA_FROM_PERCENT, Course, view_of
from look.units import grouped
from monitoring.files.description import Steps
from monitoring.files.models import Stage, TrackedFile
from monitoring.files.selectors import NO_STEPS, stage_in_progress

# The stage whose progress is counted in tables, not in bytes.
COMPARE = "compare"


@dataclass(frozen=True)
class CountedCourse(Course):
    """`counted` says how far a stage is whose progress is no matter of bytes."""

    counted: str = ""


def course_of_check(check: Check) -> CountedCourse:
    name = check.backup.database.name
    return counted_course(
        check.file,
        key=str(check.pk),
        name=f"{name}, {check.get_level_display()}",
        is_waiting=check.status == Backup.Status.PENDING,
        by_tables=COMPARE,
    )


def counted_course(
    file: TrackedFile | None,
    *,
    key: str,
    name: str,
    is_waiting: bool,
    by_tables: str,
    is_over: bool = False,
    steps: Steps = NO_STEPS,
) -> CountedCourse:
    """Of a file whose stage `by_tables` counts tables; the others count bytes."""
    stage = stage_in_progress(file) if file else None
    by_bytes = stage if stage is not None and stage.key != by_tables else None
    rate = rate_of(by_bytes)
    has_begun = by_bytes is not None and by_bytes.progress >= ETA_FROM_PERCENT
    found = file.stages.all() if file else []
    return CountedCourse(
        id=key,
        name=name,
        is_waiting=is_waiting,
        is_over=is_over,
        stages=[view_of(one, steps.get(one.pk, ())) for one in found],
        progress=file.progress if file else 0.0,
        bytes_done=(by_bytes.bytes_done or 0) if by_bytes else 0,
        bytes_total=by_bytes.bytes_total if by_bytes else None,
        rate=rate,
        eta_seconds=eta_of(by_bytes, rate) if has_begun else None,
        counted=_tables(stage) if stage is not None and stage.key == by_tables else "",
    )


def _tables(stage: Stage) -> str:
    if not stage.bytes_total:
        return ""
    counts = {"done": grouped(stage.bytes_done or 0), "total": grouped(stage.bytes_total)}
    return _("%(done)s of %(total)s tables") % counts
