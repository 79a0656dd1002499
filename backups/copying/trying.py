"""The tick's part in retries: copies whose pause is over are asked for again."""

import uuid

from django.db import transaction
from django.db.models import QuerySet
from django.db.models.functions import Now

from access.policy import System
from backups.copying.requesting import is_at_work_or_whole, open_copy
from backups.models import Backup, Copy
from faults import reach

MOST_IN_A_ROUND = 50


def queue_copy_retries() -> int:
    """Ask again for what is to be tried again; how many. By the tick."""
    due = Copy.objects.filter(retry_at__lte=Now()).order_by("retry_at")
    return sum(_try_again(pk) for pk in list(due.values_list("pk", flat=True)[:MOST_IN_A_ROUND]))


@transaction.atomic
def _try_again(pk: uuid.UUID) -> int:
    rows = Copy.objects.select_for_update(of=("self",), skip_locked=True)
    rows = rows.select_related("target", "created_by")
    copy = rows.filter(pk=pk, retry_at__lte=Now()).first()
    if copy is None:
        return 0
    Copy.objects.filter(pk=pk).update(retry_at=None)
    backups: QuerySet[Backup] = Backup.objects.select_for_update(of=("self",))
    backup = backups.select_related("database", "company").filter(pk=copy.backup_id).first()
    if backup is None or copy.target.deleted_at is not None:
        return 0
    if is_at_work_or_whole(backup, copy.target):
        return 0
    open_copy(
        backup=backup,
        target=copy.target,
        actor=System("retry"),
        tries=copy.tries + 1,
        created_by=copy.created_by,
    )
    reach("copying.retry-before-commit")
    return 1
