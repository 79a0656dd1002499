"""The visible course of one backup: its stages, and how far, how fast, until when."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.utils.functional import Promise

from backups.description import describe_status
from backups.models import Backup
from monitoring.files.description import StepRow, Steps
from monitoring.files.models import Stage
from monitoring.files.selectors import NO_STEPS

_STATES = {
    Stage.Status.PENDING: "",
    Stage.Status.IN_PROGRESS: "now",
    Stage.Status.COMPLETED: "done",
    Stage.Status.FAILED: "failed",
}


# Of more steps than MOST_OPEN only the latest stand open, the rest are folded.
MOST_OPEN, LATEST = 5, 3


@dataclass(frozen=True)
class StageView:
    """`state` is empty (not reached), now, done or failed: a class of the style sheet."""

    key: str
    name: str | Promise
    description: str | Promise
    state: str
    progress: float
    took: timedelta | None
    steps: Sequence[StepRow]

    @property
    def earlier(self) -> Sequence[StepRow]:
        return self.steps[:-LATEST] if len(self.steps) > MOST_OPEN else ()

    @property
    def latest(self) -> Sequence[StepRow]:
        return self.steps[len(self.earlier) :]


@dataclass(frozen=True)
class Course:
    """`progress` in percent over all stages; rate in bytes a second."""

    id: str
    name: str
    is_waiting: bool
    is_over: bool
    stages: list[StageView]
    progress: float
    bytes_done: int
    bytes_total: int | None
    rate: float | None
    eta_seconds: float | None


# Before that a rate says nothing of how long it will take.
ETA_FROM_PERCENT = 5


def course_of(backup: Backup, steps: Steps = NO_STEPS) -> Course:
    """`steps` by the stage's id, for a page that shows them; lists do without."""
    status: dict[str, Any] = describe_status(backup)
    found = backup.file.stages.all() if backup.file else []
    stages = [view_of(stage, steps.get(stage.pk, ())) for stage in found]
    has_begun = any(s.state == "now" and s.progress >= ETA_FROM_PERCENT for s in stages)
    return Course(
        id=str(backup.pk),
        name=backup.database.name,
        is_waiting=backup.status == Backup.Status.PENDING,
        is_over=backup.is_over,
        stages=stages,
        progress=float(status["progress"] or 0),
        bytes_done=int(status["bytes_done"] or 0),
        bytes_total=status["bytes_total"],
        rate=status["rate"],
        eta_seconds=status["eta_seconds"] if has_begun else None,
    )


def courses_of(backups: Iterable[Backup]) -> list[tuple[Backup, Course | None]]:
    """Each backup with its course while it is not over."""
    return [(backup, None if backup.is_over else course_of(backup)) for backup in backups]


def view_of(stage: Stage, steps: Sequence[StepRow]) -> StageView:
    took = None
    if stage.started_at and stage.ended_at:
        took = stage.ended_at - stage.started_at
    return StageView(
        key=stage.key,
        name=stage.standard.name,
        description=stage.standard.description,
        state=_STATES[Stage.Status(stage.status)],
        progress=stage.progress,
        took=took,
        steps=steps,
    )
