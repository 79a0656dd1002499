"""Manifests that another hand put at a storage: perhaps another installation that is alive.

Keys alone are compared, nothing is read. What is found is an alert; a rescan takes it up.
"""

import time

import structlog
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from backups.consistency import keys_at_work
from backups.manifest import SUFFIX
from backups.rescan.walking import batches_of_keys
from monitoring.alerts.services import open_alert, resolve_alert
from monitoring.files.models import TrackedFile
from storage.errors import StorageError
from storage.models import StorageTarget, StoredObject

log = structlog.get_logger(__name__)

EVERY_SECONDS = 3600.0

_looked: list[float] = []


def notice_strange_manifests() -> int:
    """How many there are. A duty of the tick, hourly."""
    now = time.monotonic()
    if _looked and now - _looked[-1] < EVERY_SECONDS:
        return 0
    # What a lost run has left is about to be removed; until then it is nobody else's.
    if TrackedFile.objects.filter(leftovers_of__isnull=False).exists():
        return 0
    _looked[:] = [now]
    count = 0
    for target in StorageTarget.objects.select_related("company"):
        try:
            found = strange_manifests(target)
        except StorageError as error:
            log.warning("strange_manifests_not_sought", target=str(target.pk), error=str(error))
            continue
        count += found[0]
        if found[0]:
            _tell(target, *found)
        else:
            resolve_alert(key=f"storage.strange_manifests:{target.pk}")
    return count


def strange_manifests(target: StorageTarget) -> tuple[int, str]:
    """How many no row speaks of, and the newest of them by its key."""
    count, newest = 0, ""
    for keys in batches_of_keys(target):
        manifests = [key.removesuffix(SUFFIX) for key in keys if key.endswith(SUFFIX)]
        # In this order: a run that ends between both questions has its row by then.
        at_work = keys_at_work()
        rows = StoredObject.objects.filter(target=target, key__in=manifests)
        known = set(rows.values_list("key", flat=True))
        for key in manifests:
            if key not in known and not (at_work and key.startswith(at_work)):
                count += 1
                newest = max(newest, key.rsplit("/", 1)[-1])
    return count, newest


def _tell(target: StorageTarget, count: int, newest: str) -> None:
    open_alert(
        key=f"storage.strange_manifests:{target.pk}",
        company=target.company,
        subject=ngettext(
            "A backup of which nothing is known lies at %(name)s",
            "%(count)d backups of which nothing is known lie at %(name)s",
            count,
        )
        % {"count": count, "name": target.name},
        text=_(
            "Does another installation write there, such as an old machine that came back? "
            "End it; then take them up: manage.py backup rescan"
        ),
        thing=target,
        occurrence=newest[:200],
    )
