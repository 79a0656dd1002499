"""Storages: read hourly how much is free; told when one is nearly full, or will be soon."""

from datetime import timedelta

import structlog
from django.db.models.functions import Now
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from look.units import size
from monitoring.alerts.models import Alert, StorageReading
from monitoring.alerts.rules.forecast import Reading, days_left
from monitoring.alerts.services import Fact, settle
from storage.backends import backend_for
from storage.errors import StorageError
from storage.models import StorageTarget

log = structlog.get_logger(__name__)

READ_EVERY = timedelta(minutes=55)
LOOKED_BACK = timedelta(days=14)
KEPT = timedelta(days=60)
# Of its size: below the first it is told, below the second it is critical.
NEARLY_FULL = 0.10
FULL = 0.03
SOON_DAYS = 14
DAY_SECONDS = 86400.0


def alert_full_storages() -> None:
    targets = list(StorageTarget.objects.select_related("company"))
    for target in targets:
        _read(target)
    full, soon = [], []
    for target in targets:
        last = StorageReading.objects.filter(target=target).order_by("-at", "-pk").first()
        if last is None or last.total_bytes <= 0:
            continue
        share = last.free_bytes / last.total_bytes
        if share < NEARLY_FULL:
            full.append(_full(target, last, share))
            continue
        left = _days_left(target)
        if left is not None and left < SOON_DAYS:
            soon.append(_soon(target, last, left))
    settle(rule="storage.nearly_full", facts=full)
    settle(rule="storage.full_soon", facts=soon)


def _read(target: StorageTarget) -> None:
    rows = StorageReading.objects.filter(target=target)
    if rows.filter(at__gt=Now() - READ_EVERY, at__lte=Now()).exists():
        return
    try:
        room = backend_for(target).room()
    except StorageError as error:
        # That it is away is told by the runs that need it.
        log.warning("storage_not_read", target=str(target.pk), error=str(error))
        return
    if room is not None:
        rows.create(target=target, free_bytes=room.free, total_bytes=room.total)
    rows.filter(at__lt=Now() - KEPT).delete()


def _days_left(target: StorageTarget) -> float | None:
    rows = StorageReading.objects.filter(target=target, at__gt=Now() - LOOKED_BACK, at__lte=Now())
    return days_left(
        [
            Reading(at.timestamp() / DAY_SECONDS, free)
            for at, free in rows.order_by("at").values_list("at", "free_bytes")
        ]
    )


def _full(target: StorageTarget, last: StorageReading, share: float) -> Fact:
    return Fact(
        key=f"storage.nearly_full:{target.pk}",
        company=target.company,
        severity=Alert.Severity.CRITICAL if share < FULL else Alert.Severity.WARNING,
        subject=_("%(name)s is nearly full") % {"name": target.name},
        text=_("%(free)s of %(total)s are free.")
        % {"free": size(last.free_bytes), "total": size(last.total_bytes)},
        url=reverse("alerts:list"),
        thing=target,
    )


def _soon(target: StorageTarget, last: StorageReading, left: float) -> Fact:
    days = max(1, round(left))
    subject = ngettext(
        "%(name)s will be full in about %(days)d day",
        "%(name)s will be full in about %(days)d days",
        days,
    )
    return Fact(
        key=f"storage.full_soon:{target.pk}",
        company=target.company,
        severity=Alert.Severity.WARNING,
        subject=subject % {"name": target.name, "days": days},
        text=_("If it goes on as in the last two weeks. %(free)s of %(total)s are free now.")
        % {"free": size(last.free_bytes), "total": size(last.total_bytes)},
        url=reverse("alerts:list"),
        thing=target,
    )
