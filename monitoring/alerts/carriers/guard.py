"""What a channel may not reach: this machine and the networks around it.

Who may make channels may not thereby look around where the server stands. An installation that
alerts by a service of its own network says so: HOLDFAST_ALERT_INNER_HOSTS.
"""

import ipaddress
import socket

from django.conf import settings
from django.utils.translation import gettext as _

from monitoring.alerts.errors import BadOption


def refuse_inner(host: str) -> None:
    """Raises BadOption for a host with any address that is not of the public internet.

    Asked when a channel is saved and again before each message. A name whose address changes
    between the question and the connection is not caught: the library looks it up again.
    """
    if settings.ENVIRONMENT.alert_inner_hosts:
        return
    for address in _addresses(host):
        if not address.is_global or address.is_multicast:
            said = _(
                "%(host)s is an address of an inner network. The server's operator can allow"
                " those: HOLDFAST_ALERT_INNER_HOSTS=true"
            )
            raise BadOption("address", said % {"host": host})


def _addresses(host: str) -> list[ipaddress.IPv4Address | ipaddress.IPv6Address]:
    try:
        found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        # Without an address there is no connection either; that error says more.
        return []
    addresses = [ipaddress.ip_address(str(one[4][0]).partition("%")[0]) for one in found]
    return [getattr(one, "ipv4_mapped", None) or one for one in addresses]
