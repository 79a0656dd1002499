"""The tracks of ended work go after some days: lines and steps first, then stages and the file.

Whatever a track belongs to keeps its own facts and does without it. In bounded batches, for a
file may have a hundred thousand lines.
"""

from datetime import timedelta

from django.conf import settings
from django.db import connection, transaction
from django.db.models.functions import Now

from faults import reach
from monitoring.files.models import Stage, TrackedFile

FILES_AT_ONCE = 50
ROWS_AT_ONCE = 5000

_LINES = """
    DELETE FROM monitoring_logline WHERE id IN
    (SELECT id FROM monitoring_logline WHERE file_id = ANY(%s) LIMIT %s)
"""
_STEPS = """
    DELETE FROM monitoring_step WHERE id IN
    (SELECT step.id FROM monitoring_step AS step
     JOIN monitoring_stage AS stage ON stage.id = step.stage_id
     WHERE stage.file_id = ANY(%s) LIMIT %s)
"""


def forget_ended_files() -> int:
    """Remove what ended long ago; how many files are gone now. A duty of the tick.

    Never one on which somebody is at work, nor one whose leftovers still have to be removed.
    """
    ids = _old_files()
    if not ids or _remove(_LINES, ids) or _remove(_STEPS, ids):
        # There may be more of them: the file goes when nothing of it is left.
        return 0
    reach("ended.emptied")
    with transaction.atomic():
        rows = TrackedFile.objects.select_for_update(of=("self",)).filter(pk__in=ids)
        # A debt may have been written since.
        locked = [file.pk for file in rows if file.is_over and file.leftovers_of is None]
        Stage.objects.filter(file__in=locked).delete()
        TrackedFile.objects.filter(pk__in=locked).delete()
        reach("ended.before-commit")
    return len(locked)


def _old_files() -> list[object]:
    days = timedelta(days=settings.ENVIRONMENT.tracking_days)
    over = (TrackedFile.Status.COMPLETED, TrackedFile.Status.FAILED)
    rows = TrackedFile.objects.filter(
        status__in=over, completed_at__lt=Now() - days, leftovers_of=None
    )
    found: list[object] = list(
        rows.order_by("completed_at").values_list("pk", flat=True)[:FILES_AT_ONCE]
    )
    return found


def _remove(statement: str, ids: list[object]) -> bool:
    """Whether there may be more of them."""
    with connection.cursor() as cursor:
        cursor.execute(statement, [ids, ROWS_AT_ONCE])
        return bool(cursor.rowcount >= ROWS_AT_ONCE)
