"""Object Lock: each copy at a bucket that locks is locked once it is registered. Decision 045.

Not sooner: what a run without success has left must go away again. The manifest is locked before
the bytes, since a deletion takes it first: so whatever is locked keeps both.
"""

import time
import uuid
from contextlib import suppress
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
ROUND_SECONDS = 2.0
# What is wrong with a bucket is not mended within one round.
AGAIN_AFTER_SECONDS = 300.0

_failed: dict[uuid.UUID, float] = {}


def lock_new_copies() -> int:
    """Lock those that are not locked yet; a duty of the tick. How many were."""
    targets = StorageTarget.objects.filter(kind=StorageTarget.Kind.S3, options__lock_days__gt=0)
    return sum(_lock_at(target) for target in targets.select_related("company"))


def _lock_at(target: StorageTarget) -> int:
    failed_at = _failed.get(target.pk)
    if failed_at is not None and time.monotonic() - failed_at < AGAIN_AFTER_SECONDS:
        return 0
    keep = timedelta(days=target.options["lock_days"])
    until = time.monotonic() + ROUND_SECONDS
    count = 0
    for stored in _unlocked(target, keep)[:MOST_IN_A_ROUND]:
        try:
            kept = _lock(backend_for(target), stored, stored.stored_at + keep)
        except ObjectMissing as error:
            # It is lost, as its next check will say; the others are not.
            log.warning("not_locked", target=str(target.pk), key=stored.key, error=str(error))
            continue
        except StorageError as error:
            _failed[target.pk] = time.monotonic()
            _tell(target, stored, error)
            return count
        StoredObject.objects.filter(pk=stored.pk).update(retain_until=kept)
        count += 1
        if time.monotonic() > until:
            break
    _failed.pop(target.pk, None)
    if count:
        resolve_alert(key=_alert_key(target))
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
    with suppress(ObjectMissing):  # a recording has no manifest
        backend.lock(stored.key + SUFFIX, until)
    reach("locking.manifest-locked")
    kept = backend.lock(stored.key, until)
    reach("locking.bytes-locked")
    return kept


def _tell(target: StorageTarget, stored: StoredObject, error: StorageError) -> None:
    log.warning("not_locked", target=str(target.pk), key=stored.key, error=str(error))
    if isinstance(error, Unreachable):
        # That it is away is told by the runs that need it.
        return
    open_alert(
        key=_alert_key(target),
        company=target.company,
        subject=_("Backups at %(name)s are not locked") % {"name": target.name},
        text=f"{error} {error.cure}".strip(),
        thing=target,
    )


def _alert_key(target: StorageTarget) -> str:
    return f"storage.not_locked:{target.pk}"
