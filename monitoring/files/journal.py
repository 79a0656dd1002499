"""The steps and log lines of one run, gathered in memory and written with its progress.

A busy loop or a listener's thread adds to it at no cost; the rows come at most four times a
second, with the progress. What a killed run had not written is lost with it.
"""

import threading
import time
from dataclasses import dataclass, field
from datetime import timedelta

from django.db.models import Value
from django.db.models.expressions import Combinable
from django.db.models.functions import Now

from access.redaction import redact
from monitoring.files.models import LogLine, Stage, Step, TrackedFile

LONGEST_MESSAGE = 500
MOST_WAITING = 5000


@dataclass
class _Step:
    stage: str
    message: str
    began: float = field(default_factory=time.monotonic)
    duration: float | None = None
    row: int | None = None


@dataclass
class _Line:
    level: str
    message: str
    source: str
    heard: float = field(default_factory=time.monotonic)


class Journal:
    """`stage` is the stage in progress, to which new steps belong."""

    def __init__(self) -> None:
        self.stage = ""
        self._steps: list[_Step] = []
        self._lines: list[_Line] = []
        self._lock = threading.Lock()

    def say(self, message: str, *, level: str = LogLine.Level.INFO, source: str) -> None:
        with self._lock:
            if len(self._lines) < MOST_WAITING:
                self._lines.append(_Line(level, redact(message), source))

    def begin_step(self, message: str) -> None:
        """Begin a step of the stage in progress; the one before it is done."""
        with self._lock:
            self._end_last()
            if len(self._steps) < MOST_WAITING:
                self._steps.append(_Step(self.stage, redact(message)[:LONGEST_MESSAGE]))

    def end_step(self) -> None:
        with self._lock:
            self._end_last()

    def write(self, file: TrackedFile) -> None:
        """Write what has gathered. Call it in a transaction that holds the file's claim."""
        with self._lock:
            lines, self._lines = self._lines, []
            steps = list(self._steps)
            self._steps = [step for step in steps if step.duration is None]
        LogLine.objects.bulk_create(
            LogLine(
                file=file,
                at=_ago(line.heard),
                level=line.level,
                message=line.message,
                source=line.source,
            )
            for line in lines
        )
        self._write_steps(file, steps)

    def _write_steps(self, file: TrackedFile, steps: list[_Step]) -> None:
        if not steps:
            return
        stages = dict(Stage.objects.filter(file=file).values_list("key", "pk"))
        new = [step for step in steps if step.row is None]
        rows = Step.objects.bulk_create(
            Step(
                stage_id=stages[step.stage],
                at=_ago(step.began),
                status=_status(step),
                message=step.message,
                duration=step.duration,
            )
            for step in new
        )
        for step in steps:
            if step.row is not None and step.duration is not None:
                Step.objects.filter(pk=step.row).update(
                    status=_status(step), duration=step.duration
                )
        for step, row in zip(new, rows, strict=True):
            step.row = row.pk

    def _end_last(self) -> None:
        if self._steps and self._steps[-1].duration is None:
            last = self._steps[-1]
            last.duration = time.monotonic() - last.began


def _status(step: _Step) -> str:
    return Stage.Status.IN_PROGRESS if step.duration is None else Stage.Status.COMPLETED


def _ago(moment: float) -> Combinable:
    """The database's time of what happened at `moment` of our monotonic clock."""
    return Now() - Value(timedelta(seconds=time.monotonic() - moment))
