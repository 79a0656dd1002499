"""Reading a tracked file's stages in the shape of the documented API."""

from datetime import datetime
from typing import Any

from monitoring.files.models import Stage, TrackedFile


def describe_stages(file: TrackedFile) -> list[dict[str, Any]]:
    """The STAGE objects of the file-monitoring contract, in order."""
    return [
        {
            "id": stage.key,
            "name": str(stage.standard.name),
            "description": str(stage.standard.description),
            "status": stage.status,
            "startTime": _iso(stage.started_at),
            "endTime": _iso(stage.ended_at),
            "steps": [],
            "progress": round(stage.progress, 1),
        }
        for stage in file.stages.all()
    ]


def stage_in_progress(file: TrackedFile) -> Stage | None:
    running = [stage for stage in file.stages.all() if stage.status == Stage.Status.IN_PROGRESS]
    return running[0] if running else None


def _iso(moment: datetime | None) -> str | None:
    return moment.isoformat().replace("+00:00", "Z") if moment else None
