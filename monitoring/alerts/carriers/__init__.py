"""How a message gets to people: one module for each kind of channel."""

from access.secrets import SecretUnreadable
from monitoring.alerts.carriers import mail, service
from monitoring.alerts.errors import Refused
from monitoring.alerts.models import Channel, Delivery
from monitoring.alerts.wording import word


def hand_over(delivery: Delivery) -> str:
    """Returns when the other side has taken it; what it returns are those it did not reach.

    Raises NotSent, or Refused where another try would be refused, too.
    """
    channel = delivery.channel
    if channel is None:
        return mail.send(delivery.recipients, "", delivery.key, word(delivery))
    try:
        address = channel.address
    except SecretUnreadable as error:
        raise Refused(str(error)) from error
    if channel.kind == Channel.Kind.MAIL:
        return mail.send(channel.recipients, address, delivery.key, word(delivery))
    return service.send(address, delivery.key, word(delivery))
