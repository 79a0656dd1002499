"""Object Lock: each copy at a bucket that locks is locked once it is registered. Decision 045.

Not sooner: what a run without success has left must go away again. The manifest is locked before
the bytes, since a deletion takes it first: so whatever is locked keeps both.
"""

from datetime import datetime, timedelta

import structlog
from django.db.models import QuerySet
from django.db.models.functions import Now
from django.utils.translation import gettext as _

from backups.manifest import SUFFIX
from faults import reach
from monitoring.alerts.services import open_alert, resolve_alert
from storage.backends import Backend, backend_for
from storage.errors import ObjectMissing, StorageError, Unreachable
from storage.models import StorageTarget, StoredObject

log = structlog.get_logger(__name__)

MOST_IN_A_ROUND = 50


def lock_new_copies() -> int:
    """Lock those that are not locked yet; a duty of the tick. How many were."""
    targets = StorageTarget.objects.filter(kind=StorageTarget.Kind.S3, options__lock_days__gt=0)
    return sum(_lock_at(target) for target in targets.select_related("company"))


def _lock_at(target: StorageTarget) -> int:
    keep = timedelta(days=target.options["lock_days"])
    count = 0
    failures: list[tuple[StoredObject, StorageError]] = []
    rows = list(_unlocked(target, keep)[:MOST_IN_A_ROUND])
    if not rows:
        return 0
    for stored in rows:
        try:
            until = _lock(backend_for(target), stored, stored.stored_at + keep)
        except StorageError as error:
            failures.append((stored, error))
            if isinstance(error, Unreachable):
                break
            continue
        StoredObject.objects.filter(pk=stored.pk).update(retain_until=until)
        count += 1
    _tell(target, failures)
    return count


def _unlocked(target: StorageTarget, keep: timedelta) -> QuerySet[StoredObject]:
    """In no order: what cannot be locked must not stand before the rest. What is older than the
    days are long stays as it is."""
    rows = StoredObject.objects.filter(
        target=target, state=StoredObject.State.STORED, retain_until=None
    )
    found: QuerySet[StoredObject] = rows.filter(stored_at__gt=Now() - keep).order_by("?")
    return found


def _lock(backend: Backend, stored: StoredObject, until: datetime) -> datetime:
    try:
        backend.lock(stored.key + SUFFIX, until)
    except ObjectMissing:
        # A recording, which has none.
        pass
    reach("locking.manifest-locked")
    kept = backend.lock(stored.key, until)
    reach("locking.bytes-locked")
    return kept


def _tell(target: StorageTarget, failures: list[tuple[StoredObject, StorageError]]) -> None:
    key = f"storage.not_locked:{target.pk}"
    if not failures:
        resolve_alert(key=key)
        return
    stored, error = failures[0]
    log.warning("not_locked", target=str(target.pk), key=stored.key, error=str(error))
    if isinstance(error, Unreachable):
        # That it is away is told by the runs that need it.
        return
    open_alert(
        key=key,
        company=target.company,
        subject=_("Backups at %(name)s are not locked") % {"name": target.name},
        text=f"{error} {error.cure}".strip(),
        thing=target,
    )
