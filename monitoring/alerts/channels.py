"""Verbs on channels. Without a company they are of all: for superusers."""

import uuid
from typing import Any
from zoneinfo import ZoneInfo

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import transaction
from django.db.models.functions import Now
from django.utils.translation import gettext as _

from access import audit
from access.models import Company
from access.policy import Actor, NotAllowed, require
from monitoring.alerts.carriers import mail, service
from monitoring.alerts.errors import BadOption, NoSuchChannel
from monitoring.alerts.models import Channel, Delivery
from monitoring.alerts.outbox import reschedule, wake

MOST_RECIPIENTS = 20
FIELDS = (
    *("name", "kind", "enabled", "recipients", "least_severity", "rules", "about"),
    *("after_count", "on_recovery", "repeat_minutes", "quiet_from", "quiet_to"),
    *("digest_at", "time_zone"),
)


@transaction.atomic
def create_channel(
    *, company: Company | None, actor: Actor, address: str = "", **values: Any
) -> Channel:
    """Raises NotAllowed, BadOption, ValidationError."""
    require_over(actor, "monitoring.add_channel", company)
    channel = Channel(company=company, **_known(values))
    channel.address = address
    check_channel(channel, address)
    channel.save(force_insert=True)
    _record(actor, "channel.created", channel)
    return channel


@transaction.atomic
def change_channel(
    *, channel: Channel, actor: Actor, address: str | None = None, **values: Any
) -> Channel:
    """An address of None stays as it is. Raises NotAllowed, BadOption, ValidationError."""
    require_over(actor, "monitoring.change_channel", channel.company)
    locked = _locked(channel)
    kind = locked.kind
    for name, value in _known(values).items():
        setattr(locked, name, value)
    if address is not None or locked.kind != kind:
        locked.address = address or ""
    check_channel(locked, locked.address)
    locked.save()
    if locked.digest_at is None:
        # What waited for a digest that will not come goes by itself.
        waiting = locked.deliveries.filter(status=Delivery.Status.GATHERED, digest=None)
        waiting.update(status=Delivery.Status.WAITING, due_at=Now(), woken_at=None)
    reschedule(locked.company)
    _record(actor, "channel.changed", locked, {name: str(values[name]) for name in sorted(values)})
    return locked


@transaction.atomic
def remove_channel(*, channel: Channel, actor: Actor) -> None:
    """What was sent by it stays to be seen. Raises NotAllowed."""
    require_over(actor, "monitoring.delete_channel", channel.company)
    locked = _locked(channel)
    unsent = [Delivery.Status.WAITING, Delivery.Status.GATHERED]
    locked.deliveries.filter(status__in=unsent).update(
        status=Delivery.Status.SKIPPED, error=_("The channel was removed.")
    )
    _record(actor, "channel.removed", locked)
    locked.delete()


@transaction.atomic
def test_channel(*, channel: Channel, actor: Actor) -> Delivery:
    """Send a message that says it is a test, by the same outbox as all. Raises NotAllowed."""
    require_over(actor, "monitoring.test_channel", channel.company)
    delivery = Delivery.objects.create(
        company=channel.company,
        channel=channel,
        channel_name=channel.name,
        kind=Delivery.Kind.TEST,
        key=f"test.{uuid.uuid4().hex}",
    )
    wake(delivery)
    _record(actor, "channel.tested", channel)
    return delivery


test_channel.__test__ = False  # type: ignore[attr-defined]  # pytest must not take it for one


def may_over(actor: Actor, permission: str, company: Company | None) -> bool:
    """Whether `require_over` lets the actor do it."""
    return (company is not None or actor.is_superuser) and actor.may(permission, company)


def require_over(actor: Actor, permission: str, company: Company | None) -> None:
    if company is None and not actor.is_superuser:
        raise NotAllowed(_("What is for all companies only an administrator of all may change."))
    require(actor, permission, company)


def _known(values: dict[str, Any]) -> dict[str, Any]:
    unknown = sorted(set(values) - set(FIELDS))
    if unknown:
        raise BadOption(unknown[0], _("There is no field of this name."))
    return values


def check_channel(channel: Channel, address: str) -> None:
    channel.full_clean(exclude=["address_sealed"], validate_unique=False)
    _check_mail(channel, address) if channel.kind == Channel.Kind.MAIL else service.check(address)
    if (channel.quiet_from is None) != (channel.quiet_to is None):
        raise BadOption("quiet_to", _("Quiet hours have a beginning and an end."))
    if channel.quiet_from is not None and channel.quiet_from == channel.quiet_to:
        raise BadOption("quiet_to", _("Then it would always be quiet."))
    if channel.repeat_minutes is not None and channel.repeat_minutes < 5:
        raise BadOption("repeat_minutes", _("At the most every five minutes."))
    if channel.after_count < 1:
        raise BadOption("after_count", _("At least once."))
    try:
        ZoneInfo(channel.time_zone)
    except (KeyError, ValueError, OSError):
        raise BadOption("time_zone", _("There is no such time zone.")) from None


def _check_mail(channel: Channel, address: str) -> None:
    if not channel.recipients:
        raise BadOption("recipients", _("Who is to get it?"))
    if len(channel.recipients) > MOST_RECIPIENTS:
        raise BadOption("recipients", _("At the most %d recipients.") % MOST_RECIPIENTS)
    for one in channel.recipients:
        try:
            validate_email(one)
        except ValidationError:
            said = _("%s is no mail address.") % str(one)[:100]
            raise BadOption("recipients", said) from None
    mail.check(address)


def _locked(channel: Channel) -> Channel:
    rows = Channel.objects.select_for_update(of=("self",)).select_related("company")
    found: Channel | None = rows.filter(pk=channel.pk).first()
    if found is None:
        raise NoSuchChannel(_("There is no such channel."))
    return found


def _record(
    actor: Actor, action: str, channel: Channel, changes: dict[str, Any] | None = None
) -> None:
    audit.record(
        actor=actor, action=action, thing=channel, company=channel.company, changes=changes
    )
