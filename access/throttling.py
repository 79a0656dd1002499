"""How many requests are answered in a minute: to one user, one token, one address.

Fixed windows, counted in Redis by one atomic step. When Redis is away nobody counts, and no
request fails for it.
"""

import math
import time
from typing import TYPE_CHECKING, Any

import structlog
from django.conf import settings
from django.core.cache import cache
from redis.exceptions import RedisError
from rest_framework.request import Request
from rest_framework.throttling import BaseThrottle

from access.models import Token, User

if TYPE_CHECKING:  # rest_framework.views reads its throttles from here while it is loaded
    from rest_framework.views import APIView

log = structlog.get_logger(__name__)
WINDOW_SECONDS = 60


class PerMinute(BaseThrottle):
    """`scope` names the limit in the setting API_LIMITS; 0 is no limit."""

    scope = ""

    def who(self, request: Request) -> str | None:
        """Who is counted, or None: not counted."""
        raise NotImplementedError

    def allow_request(self, request: Request, view: "APIView") -> bool:  # noqa: ARG002
        return self.allows(request)

    def allows(self, request: Request) -> bool:
        """Count it; whether it is within the limit."""
        return self.counts(self.who(request))

    def counts(self, who: str | None) -> bool:
        limit: int = settings.API_LIMITS.get(self.scope, 0)
        if not limit or who is None:
            return True
        try:
            return self._count(f"{self.scope}:{who}") <= limit
        except RedisError as error:
            log.warning("throttle_away", error=str(error))
            return True

    def is_spent(self, who: str | None) -> bool:
        """Whether the next one would be too many. Counts nothing."""
        limit: int = settings.API_LIMITS.get(self.scope, 0)
        if not limit or who is None:
            return False
        try:
            return int(cache.get(self._key(f"{self.scope}:{who}"), 0)) >= limit
        except RedisError as error:
            log.warning("throttle_away", error=str(error))
            return False

    def wait(self) -> float:
        """Seconds until the next window."""
        return math.ceil(WINDOW_SECONDS - time.time() % WINDOW_SECONDS)

    def _count(self, name: str) -> int:
        key = self._key(name)
        try:
            return int(cache.incr(key))
        except ValueError:
            # The first of this minute; of two firsts, one counts on.
            return 1 if cache.add(key, 1, 2 * WINDOW_SECONDS) else int(cache.incr(key))

    def _key(self, name: str) -> str:
        return f"rate:{name}:{int(time.time()) // WINDOW_SECONDS}"


class PerUser(PerMinute):
    scope = "user"

    def who(self, request: Request) -> str | None:
        return str(request.user.pk) if isinstance(request.user, User) else None


class PerToken(PerMinute):
    scope = "token"

    def who(self, request: Request) -> str | None:
        token: Any = request.auth
        return str(token.pk) if isinstance(token, Token) else None


class PerAddress(PerMinute):
    scope = "address"

    def who(self, request: Request) -> str | None:
        return request.META.get("REMOTE_ADDR") or None


def count_request(*, address: str, user: int | None = None, token: int | None = None) -> bool:
    """Count one that is none of the API's by the same limits; whether it is within all of them."""
    counted = (
        (PerUser(), None if user is None else str(user)),
        (PerToken(), None if token is None else str(token)),
        (PerAddress(), address or None),
    )
    # Each is counted, also after one that is over.
    within = [throttle.counts(who) for throttle, who in counted]
    return all(within)
