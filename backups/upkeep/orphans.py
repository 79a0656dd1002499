"""Files at a storage that belong to nothing: found, kept in quarantine, removed after some days.

A file is taken for one only when its key is of our form, no row and no manifest names it, and no
running writer owns it; and that is asked again, under the lock of rescans, before it goes.
What is not of our form is never touched. Decision 029.
"""

import time
import uuid
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import timedelta

import structlog
from django.conf import settings
from django.db import connection, transaction
from django.db.models import F
from django.db.models.functions import Now
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from access import audit
from access.policy import Actor, System, require
from backups.consistency import keys_at_work
from backups.manifest import SUFFIX
from backups.naming import is_artifact_key, is_of_holdfast_itself
from backups.rescan.services import LOCK, PERMISSION
from backups.rescan.walking import batches_of_keys
from faults import reach
from monitoring.alerts.services import open_alert, resolve_alert
from storage.backends import Backend, backend_for
from storage.errors import ObjectMissing, StorageError
from storage.models import Orphan, StorageTarget, StoredObject
from storage.services import delete_bytes

log = structlog.get_logger(__name__)

ACTOR = System("upkeep")
EVERY_SECONDS = 6 * 3600.0
# What the tick spends on it in one round; a walk goes on in the next one.
ROUND_SECONDS = 0.5
# Nearly a day: walks of each night count, however their hours wander.
NEXT_DAY = timedelta(hours=20)
LONGEST_KEY = 500
MOST_IN_A_WALK = 1000


@dataclass(frozen=True)
class Found:
    key: str
    size: int


@dataclass
class Walk:
    """One look through a target. `complete` when it came to its end."""

    target: StorageTarget
    dry_run: bool = False
    id: uuid.UUID = field(default_factory=uuid.uuid4)
    found: int = 0
    bytes: int = 0
    removed: int = 0
    complete: bool = False


_walking: list[Iterator[None]] = []
_ended: list[float] = []


def look_for_orphans() -> int:
    """Go on with the walk through all targets, or begin one; a duty of the tick. How many parts
    of a target were looked at."""
    if not _walking:
        if _ended and time.monotonic() - _ended[-1] < EVERY_SECONDS:
            return 0
        _walking[:] = [_walk_all()]
    until = time.monotonic() + ROUND_SECONDS
    parts = 0
    try:
        while True:
            next(_walking[0])
            parts += 1
            if time.monotonic() >= until:
                break
    except StopIteration:
        _walking.clear()
        _ended[:] = [time.monotonic()]
    except BaseException:
        # Begun anew, in the next round.
        _walking.clear()
        raise
    return parts


def _walk_all() -> Iterator[None]:
    for target in list(StorageTarget.objects.select_related("company")):
        walk = Walk(target)
        try:
            for _part in walk_target(walk):
                yield
        except StorageError as error:
            log.warning("orphans_not_sought", target=str(target.pk), error=str(error))


def look_now(
    *, target: StorageTarget, actor: Actor, dry_run: bool = True, seconds: float | None = None
) -> Walk:
    """The walk of the tick, at once; with `dry_run` nothing is written and nothing removed.

    After `seconds` it ends, not `complete`. Raises NotAllowed, StorageError.
    """
    require(actor, PERMISSION, target.company)
    walk = Walk(target, dry_run=dry_run)
    deadline = None if seconds is None else time.monotonic() + seconds
    for _part in walk_target(walk):
        if deadline is not None and time.monotonic() > deadline:
            break
    return walk


def walk_target(walk: Walk) -> Iterator[None]:
    """A batch of keys for each step. Raises StorageError."""
    backend_for(walk.target).free_bytes()  # raises where the place itself cannot be reached
    for keys in batches_of_keys(walk.target):
        found = orphans_among(walk.target, keys)
        walk.found += len(found)
        walk.bytes += sum(one.size for one in found)
        if found and not walk.dry_run:
            _keep(walk, found)
            reach("orphan.kept")
        yield
    walk.complete = True
    if walk.dry_run:
        return
    # What this walk did not find is gone, or belongs to something now.
    Orphan.objects.filter(target=walk.target).exclude(walk=walk.id).delete()
    _tell(walk)
    for orphan in _over(walk):
        walk.removed += remove_orphan(orphan)
        yield


def orphans_among(target: StorageTarget, keys: Sequence[str]) -> list[Found]:
    """Those that belong to nothing. The keys were listed before this is called."""
    ours = [
        key
        for key in keys
        if len(key) <= LONGEST_KEY and is_artifact_key(key) and not is_of_holdfast_itself(key)
    ]
    # In this order: a run that ends between both questions has its row by then.
    at_work = keys_at_work()
    # Of any target: two of them may be the same place.
    rows = StoredObject.objects.filter(key__in=ours)
    known = set(rows.values_list("key", flat=True))
    backend = backend_for(target)
    found = []
    for key in ours:
        if key in known or (at_work and key.startswith(at_work)):
            continue
        size = _size(backend, key)
        if size is not None and _size(backend, key + SUFFIX) is None:
            found.append(Found(key, size))
    return found


def _size(backend: Backend, key: str) -> int | None:
    try:
        return backend.size(key)
    except ObjectMissing:
        return None


@transaction.atomic
def _keep(walk: Walk, found: Sequence[Found]) -> None:
    """Into quarantine, or a day more of it. What has grown since begins anew."""
    rows = Orphan.objects.filter(target=walk.target, key__in=[one.key for one in found])
    sizes = dict(rows.values_list("key", "size"))
    changed = [one.key for one in found if sizes.get(one.key, one.size) != one.size]
    rows.filter(key__in=changed).delete()
    rows.filter(counted_at__lt=Now() - NEXT_DAY).update(
        days_seen=F("days_seen") + 1, counted_at=Now()
    )
    rows.update(walk=walk.id)
    Orphan.objects.bulk_create(
        (
            Orphan(
                company_id=walk.target.company_id,
                target=walk.target,
                key=one.key,
                size=one.size,
                walk=walk.id,
            )
            for one in found
            if one.key not in sizes or one.key in changed
        ),
        ignore_conflicts=True,
    )


def _over(walk: Walk) -> Iterator[Orphan]:
    """Those whose quarantine is over, by the clock and by the days on which they were seen."""
    days = settings.ENVIRONMENT.orphan_days
    rows = Orphan.objects.filter(target=walk.target, walk=walk.id, days_seen__gt=days)
    over = rows.filter(first_seen_at__lt=Now() - timedelta(days=days))
    for pk in list(over.values_list("pk", flat=True)[:MOST_IN_A_WALK]):
        orphan = Orphan.objects.filter(pk=pk).select_related("target__company").first()
        if orphan is not None:
            yield orphan


def remove_orphan(orphan: Orphan) -> bool:
    """Write it down, then remove it. Safe to be repeated from any point.

    False when it belongs to something meanwhile, or is at a place that is away.
    """
    if not _mark(orphan):
        return False
    reach("orphan.marked")
    try:
        with transaction.atomic():
            _lock_rescans()
            if not _is_still(orphan):
                Orphan.objects.filter(pk=orphan.pk).update(removing_at=None)
                return False
            delete_bytes(target=orphan.target, key=orphan.key)
            reach("orphan.bytes-gone")
            Orphan.objects.filter(pk=orphan.pk).delete()
    except StorageError as error:
        log.warning("orphan_stays", target=str(orphan.target_id), error=str(error))
        return False
    return True


@transaction.atomic
def _mark(orphan: Orphan) -> bool:
    _lock_rescans()
    if not _is_still(orphan):
        Orphan.objects.filter(pk=orphan.pk).delete()
        return False
    if Orphan.objects.filter(pk=orphan.pk, removing_at=None).update(removing_at=Now()):
        audit.record(
            actor=ACTOR,
            action="orphan.removed",
            thing=orphan.target,
            company=orphan.target.company,
            changes={
                "key": orphan.key,
                "size": orphan.size,
                "first_seen": orphan.first_seen_at.isoformat(),
            },
        )
    return True


def _is_still(orphan: Orphan) -> bool:
    try:
        found = orphans_among(orphan.target, [orphan.key])
    except StorageError:
        return False
    return [one.size for one in found] == [orphan.size]


def _lock_rescans() -> None:
    """Nothing is adopted while it is asked whether a file belongs to anything."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [LOCK])


def _tell(walk: Walk) -> None:
    """Of those that were there yesterday, too: what is under way passes by itself."""
    key = f"storage.orphans:{walk.target.pk}"
    count = Orphan.objects.filter(target=walk.target, days_seen__gt=1).count()
    if not count:
        resolve_alert(key=key)
        return
    open_alert(
        key=key,
        company=walk.target.company,
        subject=ngettext(
            "A file that belongs to nothing lies at %(name)s",
            "%(count)d files that belong to nothing lie at %(name)s",
            count,
        )
        % {"count": count, "name": walk.target.name},
        text=_(
            "They have the form of backups, and neither a row nor a manifest. They are removed "
            "after %(days)d days. See: manage.py backup orphans"
        )
        % {"days": settings.ENVIRONMENT.orphan_days},
        thing=walk.target,
    )
