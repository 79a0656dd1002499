"""What a channel may not reach: this machine and the networks around it.

Who may make channels may not thereby look around where the server stands. An installation that
alerts by a service of its own network says so: HOLDFAST_ALERT_INNER_HOSTS.
"""

from django.conf import settings
from django.utils.translation import gettext as _

from access.inner_hosts import is_inner
from monitoring.alerts.errors import BadOption


def refuse_inner(host: str) -> None:
    """Raises BadOption for a host with any address that is not of the public internet.

    Asked when a channel is saved and again before each message.
    """
    if not settings.ENVIRONMENT.alert_inner_hosts and is_inner(host):
        said = _(
            "%(host)s is an address of an inner network. The server's operator can allow"
            " those: HOLDFAST_ALERT_INNER_HOSTS=true"
        )
        raise BadOption("address", said % {"host": host})
