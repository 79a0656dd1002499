"""Sending one message of the outbox: claim, hand over, write down what became of it.

0. In maintenance, and in quiet hours if it can wait, it is put off.
1. The claim: one worker, a lease longer than the queue's time-out, the attempt counted.
2. The message is handed over, outside of any transaction, under a key that all attempts share.
3. The row says that it is sent, or why not and when to try again.

Who dies between 2 and 3 sends it once more, with the same key. After 3 nobody does.
"""

from datetime import timedelta

import structlog
from django.db import transaction
from django.db.models import Exists, F, OuterRef, Q
from django.db.models.functions import Now
from django.utils.translation import gettext as _

from access.redaction import redact
from faults import reach
from monitoring.alerts.carriers import hand_over
from monitoring.alerts.errors import NotSent, Refused
from monitoring.alerts.models import Alert, Delivery
from monitoring.alerts.outbox import wake
from monitoring.alerts.routing import UNDELIVERED, Routes
from monitoring.alerts.services import open_alert, resolve_alert

log = structlog.get_logger(__name__)

# Longer than the queue lets a task run (`Q_CLUSTER["timeout"]`): a second sender comes after it.
LEASE = timedelta(seconds=150)
FIRST_PAUSE = timedelta(seconds=30)
LONGEST_PAUSE = timedelta(hours=1)
MOST_ATTEMPTS = 12
Status = Delivery.Status


def send_delivery(*, delivery_id: int) -> None:
    """What a worker does with a message. Nothing when it is sent, claimed, or not yet due."""
    delivery = None if hold(delivery_id) else claim(delivery_id)
    if delivery is None:
        return
    reach("alert.claimed")
    try:
        channel = delivery.channel
        if (channel is None and not delivery.recipients) or (channel and not channel.enabled):
            raise Refused(_("The channel was removed or is not in use."))
        warning = hand_over(delivery)
    except NotSent as error:
        _write_failure(delivery, error)
        return
    reach("alert.handed-over")
    _write_success(delivery, warning)


@transaction.atomic
def hold(delivery_id: int) -> bool:
    """Whether it has to wait for the end of maintenance or quiet hours, which have begun since its
    time was set or since it was tried. It is then due at that end, and no attempt is used up."""
    # Locked before the windows are read: who ends one looks at this row after it.
    rows = Delivery.objects.select_for_update(of=("self",)).select_related("alert", "channel")
    delivery = rows.filter(_to_send(), pk=delivery_id, alert__isnull=False).first()
    if delivery is None or delivery.alert is None:
        return False
    routes = Routes([delivery.alert])
    due_at = routes.due_at(delivery.channel, delivery.alert)
    if due_at <= routes.now:
        return False
    delivery.status, delivery.lease_until = Status.WAITING, None
    delivery.due_at, delivery.woken_at = due_at, None
    delivery.save(update_fields=["status", "lease_until", "due_at", "woken_at"])
    return True


def _to_send() -> Q:
    """What is due, and what a sender has died with."""
    due = Q(status=Status.WAITING, due_at__lte=Now())
    return due | Q(status=Status.SENDING, lease_until__lte=Now())


def claim(delivery_id: int) -> Delivery | None:
    """Take it, or None. A message waits for those before it of the same alert and channel."""
    before = Delivery.objects.filter(
        Q(channel=OuterRef("channel")) | Q(channel=None, channel_name=OuterRef("channel_name")),
        alert=OuterRef("alert"),
        pk__lt=OuterRef("pk"),
        status__in=[Status.WAITING, Status.SENDING],
    )
    rows = Delivery.objects.filter(_to_send(), ~Exists(before), pk=delivery_id)
    taken = rows.update(
        status=Status.SENDING, attempts=F("attempts") + 1, lease_until=Now() + LEASE
    )
    if not taken:
        return None
    rows = Delivery.objects.select_related("alert__company", "channel")
    found: Delivery = rows.get(pk=delivery_id)
    return found


@transaction.atomic
def _write_success(delivery: Delivery, warning: str) -> None:
    """`warning` tells whom it did not reach, of several."""
    if not _end(delivery, status=Status.SENT, sent_at=Now(), error=redact(warning)):
        return
    reach("alert.before-sent")
    if warning:
        _tell_undelivered(delivery, warning)
    else:
        resolve_alert(key=_undelivered_key(delivery))


@transaction.atomic
def _write_failure(delivery: Delivery, error: NotSent) -> None:
    said = redact(str(error))[:2000]
    log.warning("alert_not_sent", delivery=delivery.pk, attempt=delivery.attempts, error=said)
    if isinstance(error, Refused) or delivery.attempts >= MOST_ATTEMPTS:
        if _end(delivery, status=Status.FAILED, error=said):
            _tell_undelivered(delivery, said)
        return
    pause = min(FIRST_PAUSE * 2 ** (delivery.attempts - 1), LONGEST_PAUSE)
    _end(delivery, status=Status.WAITING, error=said, due_at=Now() + pause, woken_at=None)


def _end(delivery: Delivery, **values: object) -> bool:
    """Write what became of this attempt, unless another one has taken it over."""
    mine = Delivery.objects.filter(
        pk=delivery.pk, status=Status.SENDING, attempts=delivery.attempts
    )
    if not mine.update(lease_until=None, **values):
        return False
    if delivery.kind == Delivery.Kind.DIGEST and values["status"] != Status.WAITING:
        ended = {name: values[name] for name in ("status", "sent_at", "error") if name in values}
        Delivery.objects.filter(digest=delivery).update(**ended)
    reach("alert.written")
    after = Delivery.objects.filter(
        alert=delivery.alert, channel=delivery.channel, pk__gt=delivery.pk, status=Status.WAITING
    )
    following = after.order_by("pk").first() if delivery.alert_id else None
    if following is not None and values["status"] != Status.WAITING:
        wake(following)
    return True


def _tell_undelivered(delivery: Delivery, said: str) -> None:
    if delivery.kind == Delivery.Kind.TEST:
        return
    channel = delivery.channel
    open_alert(
        key=_undelivered_key(delivery),
        company=channel.company if channel else delivery.company,
        severity=Alert.Severity.CRITICAL,
        subject=_("Alerts do not go out by %(name)s") % {"name": delivery.channel_name},
        text=said,
        url="/dashboard/alerts/channels",
        thing=channel,
    )


def _undelivered_key(delivery: Delivery) -> str:
    return f"{UNDELIVERED}:{delivery.channel_id or delivery.channel_name}"
