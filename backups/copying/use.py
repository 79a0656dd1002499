"""Who must not be disturbed by, or disturb, copies: deletions, targets to be removed, rescans."""

import uuid
from collections.abc import Collection

from django.db.models import Q, QuerySet

from backups.copying.queueing import ACTIVE
from backups.models import Backup, Copy, Database
from storage.models import StorageTarget


def is_copied(backups: QuerySet[Backup]) -> bool:
    """Whether one of them is being copied, or about to be (see `backups.uses`)."""
    return Copy.objects.filter(backup__in=backups, status__in=ACTIVE).exists()


def wants_target(target: StorageTarget) -> bool:
    """Whether something is to be copied there."""
    named = Database.objects.filter(copy_storages=target)
    return named.exists() or Copy.objects.filter(target=target, status__in=ACTIVE).exists()


def backups_being_copied(target: StorageTarget, among: Collection[uuid.UUID]) -> set[uuid.UUID]:
    """What lies there of theirs may be about to get its row, or to be removed."""
    rows = Copy.objects.filter(target=target, backup__in=among)
    at_work = rows.filter(Q(status__in=ACTIVE) | Q(file__leftovers_of__isnull=False))
    return set(at_work.values_list("backup_id", flat=True))
