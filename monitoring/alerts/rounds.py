"""The tick's part: wake what waits, repeat what nobody acknowledged, make digests, forget.

Each is safe to be run twice at once and to be killed in: what it writes is one transaction.
"""

import time
from datetime import timedelta

from django.db import IntegrityError, transaction
from django.db.models import F, Max, Q
from django.db.models.functions import Now

from faults import reach
from monitoring.alerts.models import Alert, Channel, Delivery
from monitoring.alerts.outbox import enqueue, tell_awake, tell_still, wake
from monitoring.alerts.routing import database_now, is_often_enough, newest_digest_time, takes

Kind, Status = Delivery.Kind, Delivery.Status
# How long a worker may take to come to a message before another one is told of it.
WOKEN_AGAIN_AFTER = timedelta(minutes=1)
BATCH = 200
_UNSEEN = Q(resolved_at=None, acknowledged_at=None, snoozed_until=None)
KEPT = timedelta(days=400)
FORGET_EVERY_SECONDS = 3600.0

_forgot: list[float] = []


def tend_alerts() -> None:
    """A duty of the tick."""
    end_snoozes()
    repeat_alerts()
    gather_digests()
    wake_deliveries()
    now = time.monotonic()
    if not _forgot or now - _forgot[-1] > FORGET_EVERY_SECONDS:
        forget_old_alerts()
        _forgot[:] = [now]


def wake_deliveries() -> int:
    """Tell a worker of each message that is due, or whose sender has died; how many."""
    due = Q(status=Status.WAITING, due_at__lte=Now())
    lost = Q(status=Status.SENDING, lease_until__lte=Now())
    unheard = Q(woken_at=None) | Q(woken_at__lte=Now() - WOKEN_AGAIN_AFTER)
    with transaction.atomic():
        rows = Delivery.objects.select_for_update(skip_locked=True)
        found = [
            one.pk for one in rows.filter(due | lost, unheard).order_by("due_at", "pk")[:BATCH]
        ]
        Delivery.objects.filter(pk__in=found).update(woken_at=Now())
        enqueue(found)
    return len(found)


@transaction.atomic
def end_snoozes() -> None:
    """What is still so when its snooze ends is told once more."""
    rows = Alert.objects.open().select_for_update(skip_locked=True)
    ended = list(rows.filter(snoozed_until__lte=Now()).order_by("pk")[:BATCH])
    if not ended:
        return
    Alert.objects.filter(pk__in=[one.pk for one in ended]).update(snoozed_until=None)
    tell_awake(ended)
    reach("alert.snooze-ended")


def repeat_alerts() -> int:
    """For each channel that repeats: what is open, not acknowledged, and told long enough ago."""
    count = 0
    for channel in Channel.objects.filter(enabled=True, repeat_minutes__isnull=False):
        pause = timedelta(minutes=channel.repeat_minutes or 0)
        told = Max("deliveries__due_at", filter=Q(deliveries__channel=channel))
        rows = Alert.objects.filter(_UNSEEN).annotate(told=told).filter(told__lte=Now() - pause)
        found = list(rows.order_by("pk").values_list("pk", flat=True))
        for first in range(0, len(found), BATCH):
            count += _repeat(found[first : first + BATCH], channel, pause)
    return count


@transaction.atomic
def _repeat(alert_ids: list[int], channel: Channel, pause: timedelta) -> int:
    rows = Alert.objects.filter(_UNSEEN, pk__in=alert_ids).order_by("pk")
    # While one is still under way, or was just written by another round, there is no other.
    under_way = Q(status__in=[Status.WAITING, Status.SENDING, Status.GATHERED])
    locked = list(rows.select_for_update(of=("self",), skip_locked=True))
    busy = channel.deliveries.filter(under_way | Q(due_at__gt=Now() - pause), alert__in=locked)
    told = set(busy.values_list("alert_id", flat=True))
    due = [
        alert
        for alert in locked
        if alert.pk not in told and takes(channel, alert) and is_often_enough(channel, alert)
    ]
    if due:
        tell_still(due, channel)
        reach("alert.repeated")
    return len(due)


def gather_digests() -> int:
    """At its hour a channel's gathered messages become one."""
    count = 0
    now = database_now()
    for channel in Channel.objects.filter(digest_at__isnull=False):
        assert channel.digest_at is not None
        at = newest_digest_time(channel.digest_at, channel.time_zone, now=now)
        waiting = channel.deliveries.filter(status=Status.GATHERED, digest=None, created_at__lte=at)
        # What stands in a maintenance window comes with the digest after it.
        waiting = waiting.filter(due_at__lte=now)
        if not waiting.exists():
            continue
        try:
            with transaction.atomic():
                digest = Delivery.objects.create(
                    company_id=channel.company_id,
                    channel=channel,
                    channel_name=channel.name,
                    kind=Kind.DIGEST,
                    key=f"digest.{at:%Y%m%dT%H%M}.{channel.pk.hex}",
                )
                waiting.update(digest=digest, status=F("status"))
                wake(digest)
                reach("alert.gathered")
        except IntegrityError:
            # Another round has just made it.
            continue
        count += 1
    return count


def forget_old_alerts() -> None:
    """What is over for more than a year goes, with its messages; in batches, oldest first."""
    old = Alert.objects.filter(resolved_at__lt=Now() - KEPT).order_by("pk").values("pk")[:BATCH]
    Alert.objects.filter(pk__in=old).delete()
    free = Delivery.objects.filter(alert=None, created_at__lt=Now() - KEPT).order_by("pk")
    Delivery.objects.filter(pk__in=free.values("pk")[:BATCH]).delete()
