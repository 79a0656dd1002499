"""A database's rule: to which further storages each of its good backups is copied."""

from collections.abc import Iterable, Sequence

from django.utils.translation import gettext as _

from backups.errors import BadOption
from backups.models import Copy, Database
from storage.models import StorageTarget


def copy_to(*, database: Database, targets: Sequence[StorageTarget]) -> None:
    """From now on; what was to be tried again for a storage that is not named any more is not.

    Call it in a transaction. Raises BadOption.
    """
    if any(target.company_id != database.company_id for target in targets):
        raise BadOption("copy_storages", _("A storage of another company cannot be used."))
    database.copy_storages.set(targets)
    waiting = Copy.objects.filter(backup__database=database, retry_at__isnull=False)
    waiting.exclude(target__in=targets).update(retry_at=None)


def names_of(targets: Iterable[StorageTarget]) -> list[str]:
    return sorted(target.name for target in targets)
