"""The tick's part in retries: due times whose pause is over get another backup."""

import structlog
from django.db import transaction

from backups.models import DueTime
from backups.scheduling.queueing import BATCH, make_due_backups
from backups.scheduling.targets import Chooser
from faults import reach
from monitoring.times.clock import database_now

log = structlog.get_logger(__name__)


def queue_retries() -> int:
    """Queue what is to be tried again; how many backups. By the tick."""
    waiting = DueTime.objects.filter(retry_at__lte=database_now()).order_by("retry_at", "pk")
    return sum(_try_again(pk) for pk in list(waiting.values_list("pk", flat=True)[:BATCH]))


@transaction.atomic
def _try_again(pk: int) -> int:
    waiting = DueTime.objects.select_for_update(of=("self",), skip_locked=True)
    waiting = waiting.select_related("schedule__company", "schedule__database")
    due_time = waiting.filter(pk=pk, retry_at__lte=database_now()).first()
    if due_time is None:
        return 0
    due_time.tries += 1
    due_time.state, due_time.retry_at = DueTime.State.QUEUED, None
    if not due_time.schedule.enabled:
        due_time.state = DueTime.State.REFUSED
    due_time.save(update_fields=["tries", "state", "retry_at"])
    rows = [due_time] if due_time.schedule.enabled else []
    made = make_due_backups(rows, chooser=Chooser([due_time.schedule]))
    reach("schedule.retry-before-commit")
    return made
