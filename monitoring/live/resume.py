"""Where a reader that comes back goes on: from `Last-Event-ID`, or `?since=` of a WebSocket."""

import uuid
from dataclasses import dataclass

from django.db.models import OuterRef

from access.models import User
from monitoring.events.selectors import Cursor, newest_of, oldest
from monitoring.files.models import TrackedFile
from monitoring.live.errors import NotFound
from monitoring.live.messages import FORGOTTEN_END


@dataclass(frozen=True)
class Start:
    """`has_seen_end`: there is nothing to tell any more. `is_reset`: what was missed is unknown."""

    file_id: uuid.UUID
    has_seen_end: bool
    is_reset: bool


def start_following(*, actor: User, download_id: str, since: str) -> Start:
    """Raises NotFound, alike for a missing file and one that the actor may not see."""
    try:
        file_id = uuid.UUID(download_id)
    except ValueError as error:
        raise NotFound from error
    row = (
        TrackedFile.objects.visible_to(actor)
        .filter(pk=file_id)
        .annotate(newest=newest_of(OuterRef("pk")))
        .values_list("status", "newest")
        .first()
    )
    if row is None:
        raise NotFound
    status, newest = row
    is_over = status in (TrackedFile.Status.COMPLETED, TrackedFile.Status.FAILED)
    place = Cursor.parse(since) if since else None
    return Start(
        file_id=file_id,
        has_seen_end=is_over and place is not None and _is_at_end(place, newest),
        is_reset=bool(since) and _is_too_old(place, is_over=is_over, newest=newest),
    )


def _is_at_end(place: Cursor, newest: str | None) -> bool:
    end = Cursor.parse(newest) if newest else None
    # By id: a file's own events are in that order, whatever their transactions' numbers.
    return str(place) == FORGOTTEN_END if end is None else place.id >= end.id


def _is_too_old(place: Cursor | None, *, is_over: bool, newest: str | None) -> bool:
    if place is None:
        return True
    if newest is None:
        return not (is_over and str(place) == FORGOTTEN_END)
    first = oldest()
    return first is not None and place < first
