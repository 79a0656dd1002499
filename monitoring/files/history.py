"""What happened in a file's course: the latest steps of its stages, the latest lines of its log."""

import uuid
from collections.abc import Collection

from django.db import connection

from monitoring.files.description import LineRow, StepRow
from monitoring.files.models import LogLine

# For each stage one descent of the index `step_newest`, however many steps it has: a window
# function would read them all. Ordered by -id, since by id the planner may walk the primary key
# backwards, and of stages without steps that is the whole table.
_LATEST_STEPS = """
    SELECT step.id, step.stage_id, step.at, step.status, step.message, step.details, step.duration
    FROM unnest(%s::bigint[]) AS wanted (stage_id)
    CROSS JOIN LATERAL (
        SELECT * FROM monitoring_step WHERE stage_id = wanted.stage_id ORDER BY id * -1 LIMIT %s
    ) AS step
    ORDER BY step.stage_id, step.id
"""


def latest_steps(*, stage_ids: Collection[int], most: int) -> dict[int, list[StepRow]]:
    """The newest steps of each stage, oldest first, in one query."""
    found: dict[int, list[StepRow]] = {}
    if not stage_ids:
        return found
    with connection.cursor() as cursor:
        cursor.execute(_LATEST_STEPS, [list(stage_ids), most])
        for row in cursor.fetchall():
            step = StepRow._make(row)
            found.setdefault(step.stage_id, []).append(step)
    return found


def latest_lines(*, file_id: uuid.UUID, most: int, before: int | None = None) -> list[LineRow]:
    """The newest lines, oldest first; those before the line of an id, to page back."""
    lines = LogLine.objects.filter(file_id=file_id)
    if before is not None:
        lines = lines.filter(pk__lt=before)
    newest = lines.order_by("-id").values_list(*LineRow._fields)[:most]
    return [LineRow._make(line) for line in reversed(newest)]
