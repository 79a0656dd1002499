"""The outgoing dead-man ping: a service elsewhere alarms when it does not come any more.

Sent by the tick after a round in which all went well, at most once a minute, from a thread of
its own: an address that hangs holds nothing up.
"""

import threading
import time
import urllib.request

import structlog
from django.conf import settings

log = structlog.get_logger(__name__)

EVERY_SECONDS = 60.0
TIMEOUT_SECONDS = 10.0

_pinged: list[float] = []
_under_way = threading.Lock()


def ping() -> threading.Thread | None:
    """The thread that pings, or None: no address, too soon, or the last one still hangs."""
    url = settings.ENVIRONMENT.dead_man_url
    now = time.monotonic()
    if not url or (_pinged and now - _pinged[-1] < EVERY_SECONDS):
        return None
    if not _under_way.acquire(blocking=False):
        return None
    _pinged[:] = [now]
    thread = threading.Thread(target=_send, args=[url], name="dead-man", daemon=True)
    thread.start()
    return thread


def _send(url: str) -> None:
    try:
        request = urllib.request.Request(url, headers={"User-Agent": "Holdfast"})  # noqa: S310
        # The operator's own address, and http or https alone (config.env).
        with urllib.request.urlopen(request, timeout=TIMEOUT_SECONDS):  # noqa: S310
            pass
    except (OSError, ValueError) as error:
        # Without the address: whoever knows it can ping in our place.
        log.warning("dead_man_not_pinged", error=type(error).__name__)
    finally:
        _under_way.release()
