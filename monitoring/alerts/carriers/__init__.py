"""How a message gets to people: one module for each kind of channel."""

from access.secrets import SecretUnreadable
from monitoring.alerts.carriers import mail, service
from monitoring.alerts.errors import Refused
from monitoring.alerts.models import Channel, Delivery
from monitoring.alerts.wording import word

_CARRIERS = {Channel.Kind.MAIL: mail.send, Channel.Kind.SERVICE: service.send}


def hand_over(delivery: Delivery) -> str:
    """Returns when the other side has taken it; what it returns are those it did not reach.

    Raises NotSent, or Refused where another try would be refused, too.
    """
    channel = delivery.channel
    assert channel is not None
    try:
        address = channel.address
    except SecretUnreadable as error:
        raise Refused(str(error)) from error
    return _CARRIERS[Channel.Kind(channel.kind)](channel, address, delivery.key, word(delivery))
