"""How a message gets to people: one module for each kind of channel."""

from access.secrets import SecretUnreadable
from monitoring.alerts.carriers import mail, service
from monitoring.alerts.errors import NotSent, Refused
from monitoring.alerts.models import Channel, Delivery
from monitoring.alerts.wording import word


def hand_over(delivery: Delivery) -> str:
    """Returns when the other side has taken it; what it returns are those it did not reach.

    Raises NotSent, or Refused where another try would be refused, too.
    """
    channel = delivery.channel
    if channel is None:
        return _by_mail(delivery.recipients, "", delivery)
    try:
        address = channel.address
    except SecretUnreadable as error:
        raise Refused(str(error)) from error
    if channel.kind == Channel.Kind.MAIL:
        return _by_mail(channel.recipients, address, delivery)
    return service.send(address, delivery.key, word(delivery))


def _by_mail(recipients: list[str], address: str, delivery: Delivery) -> str:
    try:
        said = mail.send(recipients, address, delivery.key, word(delivery))
    except NotSent as error:
        raise type(error)(mail.hide(str(error), address)) from error
    return mail.hide(said, address)
