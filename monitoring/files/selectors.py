"""Reading tracked files for the API: the three lists, one file, the stages of a file.

A bounded number of queries, whatever the number of files; all start from what one may see.
"""

import uuid
from collections.abc import Collection, Iterable
from typing import Any

from django.db.models import QuerySet

from access.models import Membership, User
from access.policy import Actor
from monitoring.files.description import (
    FileRow,
    StageRow,
    Steps,
    describe_file,
    describe_line,
    describe_stage,
)
from monitoring.files.history import latest_lines, latest_steps
from monitoring.files.models import Stage, TrackedFile

Status = TrackedFile.Status

STEPS_IN_LISTS = 50
STEPS_IN_DETAIL = 1000
NO_STEPS: Steps = {}

# By which moment each state's newest are found: an index holds each of them.
_NEWEST_BY = {
    Status.PROCESSING: "created_at",
    Status.QUEUED: "created_at",
    Status.COMPLETED: "completed_at",
    Status.FAILED: "completed_at",
}


def list_files(*, actor: Actor, limit: int, kinds: Collection[str] = ()) -> dict[str, Any]:
    """The answer of the list call, in four queries; `limit` is for each of its lists.

    Active are first those at work, then those that wait; everything is newest first.
    """
    visible = _visible(actor)
    if kinds:
        visible = visible.filter(kind__in=kinds)
    found = _newest_of_each_state(visible, limit)
    described = _describe(found, most_steps=STEPS_IN_LISTS)
    of_state: dict[str, list[dict[str, Any]]] = {str(status): [] for status in Status}
    for file in described:
        of_state[file["status"]].append(file)
    return {
        "activeFiles": (of_state[Status.PROCESSING] + of_state[Status.QUEUED])[:limit],
        "recentlyCompleted": of_state[Status.COMPLETED],
        "recentlyFailed": of_state[Status.FAILED],
    }


def find_file(
    *, actor: Actor, file_id: str, logs_limit: int, logs_before: int | None = None
) -> dict[str, Any] | None:
    """One file with its log, in four queries; None alike for a missing and an invisible one."""
    try:
        wanted = uuid.UUID(file_id)
    except ValueError:
        return None
    rows = TrackedFile.objects.visible_to(actor).filter(pk=wanted)
    found = _rows(rows[:1])
    if not found:
        return None
    [described] = _describe(found, most_steps=STEPS_IN_DETAIL)
    lines = latest_lines(file_id=wanted, most=logs_limit, before=logs_before)
    return {**described, "logs": [describe_line(line) for line in lines]}


def describe_stages(file: TrackedFile, steps: Steps = NO_STEPS) -> list[dict[str, Any]]:
    """The STAGE objects of a file, from its (prefetched) stages; no query for steps."""
    rows = [
        StageRow(*(getattr(stage, name) for name in StageRow._fields)) for stage in stages_of(file)
    ]
    return [describe_stage(file.kind, row, steps.get(row.id, ())) for row in rows]


def steps_of(file: TrackedFile | None, *, most: int = STEPS_IN_LISTS) -> Steps:
    """The latest steps of each stage of one file, in one query."""
    if file is None:
        return NO_STEPS
    return latest_steps(stage_ids=[stage.pk for stage in stages_of(file)], most=most)


def stages_of(file: TrackedFile) -> list[Stage]:
    return sorted(file.stages.all(), key=lambda stage: stage.position)


def stage_in_progress(file: TrackedFile) -> Stage | None:
    running = [stage for stage in file.stages.all() if stage.status == Stage.Status.IN_PROGRESS]
    return running[0] if running else None


def _visible(actor: Actor) -> QuerySet[TrackedFile]:
    """What `visible_to` gives, with a person's companies looked up first.

    Of companies that are joined, the planner does not know how many files they have; it then
    reads all of them and sorts, where an index has the newest in order.
    """
    visible: QuerySet[TrackedFile] = TrackedFile.objects.visible_to(actor)
    if not isinstance(actor, User) or actor.is_superuser or actor.kind == User.Kind.AGENT:
        return visible
    roles = actor.roles_with("monitoring.view_trackedfile")
    memberships = Membership.objects.filter(user=actor, role__in=roles)
    companies = list(memberships.values_list("company_id", flat=True))
    return TrackedFile.objects.filter(company_id__in=companies)


def _newest_of_each_state(visible: QuerySet[TrackedFile], limit: int) -> list[FileRow]:
    """One query of one part a state, each of which ends after `limit` rows of its index."""
    parts = [
        visible.filter(status=status).order_by(f"-{moment}").values_list(*FileRow._fields)[:limit]
        for status, moment in _NEWEST_BY.items()
    ]
    found = _rows(parts[0].union(*parts[1:], all=True))
    # SQL promises no order of a union.
    return sorted(found, key=lambda row: row.completed_at or row.created_at, reverse=True)


def _rows(files: QuerySet[Any, Any]) -> list[FileRow]:
    return [FileRow._make(row) for row in files.values_list(*FileRow._fields)]


def _describe(files: Iterable[FileRow], *, most_steps: int) -> list[dict[str, Any]]:
    files = list(files)
    stages: dict[uuid.UUID, list[StageRow]] = {file.id: [] for file in files}
    ids: list[int] = []
    if files:
        rows = Stage.objects.filter(file_id__in=stages).order_by("file_id", "position")
        for row in map(StageRow._make, rows.values_list(*StageRow._fields)):
            stages[row.file_id].append(row)
            ids.append(row.id)
    steps = latest_steps(stage_ids=ids, most=most_steps)
    return [describe_file(file, stages[file.id], steps) for file in files]
