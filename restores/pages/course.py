"""The visible course of one restore: its stages, and how far, how fast, until when."""

from collections.abc import Iterable

from backups.pages.check_course import CountedCourse, counted_course
from monitoring.files.description import Steps
from monitoring.files.selectors import NO_STEPS
from restores.models import Restore

# Compares with the fingerprints of the source, table by table.
COMPARING = "finalize"


def course_of(restore: Restore, steps: Steps = NO_STEPS) -> CountedCourse:
    """`steps` by the stage's id, for a page that shows them; lists do without."""
    return counted_course(
        restore.file,
        key=str(restore.pk),
        name=restore.target_name,
        is_waiting=restore.status == Restore.Status.PENDING,
        is_over=restore.is_over,
        by_tables=COMPARING,
        steps=steps,
    )


def courses_of(restores: Iterable[Restore]) -> list[tuple[Restore, CountedCourse | None]]:
    """Each restore with its course while it is not over."""
    return [(restore, None if restore.is_over else course_of(restore)) for restore in restores]
