"""Writing the outbox: a message for each channel, in the transaction of what it tells.

For any number of alerts at once: the statements are as many for one as for five hundred.
"""

from collections import Counter
from collections.abc import Sequence

from django.db.models import Count, F, Q
from django.db.models.functions import Now
from django.utils.translation import gettext as _

from access.models import Company
from faults import reach
from monitoring.alerts.models import Alert, Channel, Delivery
from monitoring.alerts.routing import Routes, is_gathered, is_often_enough
from monitoring.queue.services import enqueue_each

QUEUE = "short"
Kind, Status = Delivery.Kind, Delivery.Status
_TOLD = (Kind.OPENED, Kind.WORSE, Kind.CHANGED, Kind.REPEATED)
_UNSENT = Q(status__in=[Status.WAITING, Status.GATHERED], attempts=0, digest=None)


def tell_opened(alerts: Sequence[Alert]) -> None:
    letters = Letters(alerts, are_new=True)
    for alert in alerts:
        for channel in letters.routes.channels_for(alert):
            if is_often_enough(channel, alert):
                letters.add(alert, channel, Kind.OPENED)
        letters.add_for_recipients(alert, Kind.OPENED)
    letters.write()
    reach("alert.opened")


def tell_again(alerts: Sequence[Alert]) -> None:
    """They happened once more: whoever waits for so many times hears of it now."""
    letters = Letters(alerts)
    for alert in alerts:
        for channel in letters.routes.channels_for(alert):
            if not letters.has_told(alert, channel) and is_often_enough(channel, alert):
                letters.add(alert, channel, Kind.OPENED)
    letters.write()


def tell_worse(alerts: Sequence[Alert]) -> None:
    _tell_all(alerts, Kind.WORSE)


def tell_changed(alerts: Sequence[Alert]) -> None:
    _tell_all(alerts, Kind.CHANGED)


def tell_awake(alerts: Sequence[Alert]) -> None:
    """What is still so when its snooze ends: also to those whom it would have come to meanwhile."""
    _tell_all(alerts, Kind.REPEATED)


def _tell_all(alerts: Sequence[Alert], kind: Delivery.Kind) -> None:
    letters = Letters(alerts)
    for alert in alerts:
        for channel in letters.routes.channels_for(alert):
            if is_often_enough(channel, alert):
                told = letters.has_told(alert, channel)
                letters.add(alert, channel, kind if told else Kind.OPENED)
        letters.add_for_recipients(alert, kind)
    letters.write()


def tell_resolved(alerts: Sequence[Alert]) -> None:
    """To those who were told of it. What was not to be sent yet need not be sent any more."""
    theirs = Delivery.objects.filter(alert__in=alerts)
    early = theirs.filter(status=Status.WAITING, attempts=0, due_at__gt=Now())
    early.update(status=Status.SKIPPED, error=_("It was over before this was to be sent."))
    told = theirs.filter(kind__in=_TOLD).exclude(status__in=[Status.SKIPPED, Status.FAILED])
    heard = set(told.values_list("alert_id", "channel_id"))
    channels = Channel.objects.in_bulk({channel for _alert, channel in heard if channel})
    letters = Letters(alerts)
    for alert in alerts:
        for channel in channels.values():
            if (alert.pk, channel.pk) in heard and channel.enabled and channel.on_recovery:
                letters.add(alert, channel, Kind.RESOLVED)
        if (alert.pk, None) in heard:
            letters.add_for_recipients(alert, Kind.RESOLVED)
    letters.write()
    reach("alert.resolved")


def tell_still(alerts: Sequence[Alert], channel: Channel) -> None:
    """That nobody has acknowledged them yet."""
    letters = Letters(alerts)
    for alert in alerts:
        letters.add(alert, channel, Kind.REPEATED)
    letters.write()


def hold_back(alert: Alert, *, snoozed: bool) -> None:
    """It was seen: repeats that wait need not go. Snoozed, nothing that waits goes."""
    unsent = Delivery.objects.filter(_UNSENT, alert=alert)
    if snoozed:
        said = _("It was snoozed before this was to be sent.")
    else:
        unsent = unsent.filter(kind=Kind.REPEATED)
        said = _("It was acknowledged before this was to be sent.")
    unsent.update(status=Status.SKIPPED, error=said)


class Letters:
    """Messages that are written together, of alerts whose rows or keys are locked."""

    def __init__(self, alerts: Sequence[Alert], *, are_new: bool = False) -> None:
        self.routes = Routes(alerts)
        self._made: list[Delivery] = []
        # How many there are of an alert, for a channel, of a kind: the key tells the how-manieth.
        self._count: Counter[tuple[int, object, str]] = Counter()
        if alerts and not are_new:
            rows = Delivery.objects.filter(alert__in=alerts).order_by()
            of_each = rows.values_list("alert_id", "channel_id", "kind").annotate(Count("pk"))
            self._count.update({(one[0], one[1], one[2]): one[3] for one in of_each})
        self._heard = {(alert, channel) for alert, channel, _kind in self._count}

    def has_told(self, alert: Alert, channel: Channel) -> bool:
        return (alert.pk, channel.pk) in self._heard

    def add(self, alert: Alert, channel: Channel, kind: Delivery.Kind) -> None:
        """One message. Its key names the alert, the channel, what it tells, and the how-manieth."""
        delivery = self._new(alert, channel, kind, channel.pk.hex)
        delivery.channel, delivery.channel_name = channel, channel.name
        if is_gathered(channel, alert):
            delivery.status, delivery.woken_at = Status.GATHERED, None

    def add_for_recipients(self, alert: Alert, kind: Delivery.Kind) -> None:
        if alert.recipients:
            delivery = self._new(alert, None, kind, "recipients")
            delivery.recipients = alert.recipients
            delivery.channel_name = ", ".join(alert.recipients)[:100]

    def write(self) -> None:
        Delivery.objects.bulk_create(self._made)
        enqueue([one.pk for one in self._made if one.woken_at is not None])

    def _new(self, alert: Alert, channel: Channel | None, kind: Delivery.Kind, to: str) -> Delivery:
        place = (alert.pk, channel.pk if channel else None, str(kind))
        self._count[place] += 1
        due_at = self.routes.due_at(channel, alert)
        self._made.append(
            Delivery(
                company_id=alert.company_id,
                alert=alert,
                kind=kind,
                key=f"{alert.pk}.{kind}.{self._count[place]}.{to}",
                due_at=due_at,
                # What is due later is woken by the tick.
                woken_at=self.routes.now if due_at <= self.routes.now else None,
            )
        )
        return self._made[-1]


def reschedule(company: Company | None) -> None:
    """Windows or quiet hours have changed, of a company or (None) of all: what waits is sent when
    it may be now, also what was tried in vain before."""
    held = Delivery.objects.filter(
        status__in=[Status.WAITING, Status.GATHERED], alert__isnull=False
    )
    if company is not None:
        held = held.filter(company=company)
    rows = list(held.select_related("alert", "channel").select_for_update(of=("self",)))
    routes = Routes([row.alert for row in rows if row.alert is not None])
    moved = []
    for row in rows:
        assert row.alert is not None
        due_at = routes.due_at(row.channel, row.alert)
        if max(due_at, row.due_at) > routes.now and due_at != row.due_at:
            row.due_at, row.woken_at = due_at, None
            moved.append(row)
    Delivery.objects.bulk_update(moved, ["due_at", "woken_at"], batch_size=500)


def wake(delivery: Delivery) -> None:
    """Tell a worker, unless it is to be sent later: then the tick does."""
    found = Delivery.objects.filter(pk=delivery.pk, due_at__lte=Now())
    if found.update(woken_at=Now(), status=F("status")):
        enqueue([delivery.pk])


def enqueue(delivery_ids: Sequence[int]) -> None:
    """A task only names the row; a second one for it does nothing."""
    enqueue_each("monitoring.alerts.tasks.send_delivery", delivery_ids, queue=QUEUE, group="alert")
