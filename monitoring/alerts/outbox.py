"""Writing the outbox: a message for each channel, in the transaction of what it tells."""

from django.db.models import F
from django.db.models.functions import Now
from django.utils.translation import gettext as _
from django_q.tasks import async_task

from faults import reach
from monitoring.alerts.models import Alert, Channel, Delivery
from monitoring.alerts.routing import (
    after_maintenance,
    channels_for,
    database_now,
    due_at,
    is_gathered,
    is_often_enough,
)

QUEUE = "short"
Kind, Status = Delivery.Kind, Delivery.Status
_TOLD = (Kind.OPENED, Kind.WORSE, Kind.REPEATED)


def tell_opened(alert: Alert) -> None:
    for channel in channels_for(alert):
        if is_often_enough(channel, alert):
            write(alert, channel, Kind.OPENED)
    _write_to_recipients(alert, Kind.OPENED)
    reach("alert.opened")


def tell_again(alert: Alert) -> None:
    """It happened once more: whoever waits for so many times hears of it now."""
    told = set(alert.deliveries.values_list("channel_id", flat=True))
    for channel in channels_for(alert):
        if channel.pk not in told and is_often_enough(channel, alert):
            write(alert, channel, Kind.OPENED)


def tell_worse(alert: Alert) -> None:
    told = set(alert.deliveries.values_list("channel_id", flat=True))
    for channel in channels_for(alert):
        if is_often_enough(channel, alert):
            write(alert, channel, Kind.WORSE if channel.pk in told else Kind.OPENED)
    _write_to_recipients(alert, Kind.WORSE)


def tell_resolved(alert: Alert) -> None:
    """To those who were told of it. What was not to be sent yet need not be sent any more."""
    mine = Delivery.objects.filter(alert=alert)
    early = mine.filter(status=Status.WAITING, attempts=0, due_at__gt=Now())
    early.update(status=Status.SKIPPED, error=_("It was over before this was to be sent."))
    told = mine.filter(kind__in=_TOLD).exclude(status__in=[Status.SKIPPED, Status.FAILED])
    channels = Channel.objects.filter(
        pk__in=told.values("channel_id"), enabled=True, on_recovery=True
    )
    for channel in channels.order_by("pk"):
        write(alert, channel, Kind.RESOLVED)
    if told.filter(channel=None).exists():
        _write_to_recipients(alert, Kind.RESOLVED)
    reach("alert.resolved")


def write(alert: Alert, channel: Channel, kind: Delivery.Kind) -> None:
    """One message. Its key names the alert, the channel, what it tells, and the how-manieth."""
    number = Delivery.objects.filter(alert=alert, channel=channel, kind=kind).count() + 1
    gathered = is_gathered(channel, alert)
    delivery = Delivery.objects.create(
        company_id=alert.company_id,
        alert=alert,
        channel=channel,
        channel_name=channel.name,
        kind=kind,
        key=f"{alert.pk}.{kind}.{number}.{channel.pk.hex}",
        status=Status.GATHERED if gathered else Status.WAITING,
        due_at=due_at(channel, alert, now=database_now()),
    )
    if not gathered:
        wake(delivery)


def _write_to_recipients(alert: Alert, kind: Delivery.Kind) -> None:
    if not alert.recipients:
        return
    number = Delivery.objects.filter(alert=alert, channel=None, kind=kind).count() + 1
    delivery = Delivery.objects.create(
        company_id=alert.company_id,
        alert=alert,
        recipients=alert.recipients,
        channel_name=", ".join(alert.recipients)[:100],
        kind=kind,
        key=f"{alert.pk}.{kind}.{number}.recipients",
        due_at=after_maintenance(alert, now=database_now()),
    )
    wake(delivery)


def wake(delivery: Delivery) -> None:
    """Tell a worker, unless it is to be sent later: then the tick does."""
    found = Delivery.objects.filter(pk=delivery.pk, due_at__lte=Now())
    if found.update(woken_at=Now(), status=F("status")):
        enqueue(delivery.pk)


def enqueue(delivery_id: int) -> None:
    """A task only names the row; a second one for it does nothing."""
    async_task("monitoring.alerts.tasks.send_delivery", delivery_id, cluster=QUEUE, group="alert")
