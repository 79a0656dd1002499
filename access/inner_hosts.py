"""Whether a host is of this machine or of the networks around it.

Who may have the server connect somewhere may not thereby look around where it stands. A name
whose address changes between the question and the connection is not caught: libraries look it
up again.
"""

import ipaddress
import socket

Address = ipaddress.IPv4Address | ipaddress.IPv6Address


def is_inner(host: str) -> bool:
    """Whether any address of the host is not of the public internet."""
    return any(not one.is_global or one.is_multicast for one in _addresses(host))


def is_never_meant(host: str) -> bool:
    """Whether any is one at which no service of an operator's own is, but what machines tell of
    themselves (link-local: the metadata of clouds)."""
    return any(
        one.is_link_local or one.is_multicast or one.is_unspecified for one in _addresses(host)
    )


def _addresses(host: str) -> list[Address]:
    try:
        found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        # Without an address there is no connection either; that error says more.
        return []
    addresses = [ipaddress.ip_address(str(one[4][0]).partition("%")[0]) for one in found]
    return [getattr(one, "ipv4_mapped", None) or one for one in addresses]
