"""How many requests are answered in a minute: to one user, one token, one address.

Fixed windows, counted in Redis by one atomic step each, all of a request in one way there and
back. When Redis is away nobody counts, and no request fails for it.
"""

import math
import time
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import redis
import structlog
from django.conf import settings
from django.core.cache import cache
from rest_framework.request import Request
from rest_framework.throttling import BaseThrottle

from access.models import Token, User

if TYPE_CHECKING:  # rest_framework.views reads its throttles from here while it is loaded
    from rest_framework.views import APIView

log = structlog.get_logger(__name__)
WINDOW_SECONDS = 60
REDIS_SECONDS = 2


def within_limits(*counted: tuple[str, object]) -> bool:
    """Count one in each scope, for whom; whether it is within the limits of all of them.

    The setting API_LIMITS has the limits by scope; 0 is none, and of None nothing is counted. Each
    is counted, also after one that is over.
    """
    asked = {
        f"rate:{scope}:{who}": int(settings.API_LIMITS.get(scope, 0))
        for scope, who in counted
        if who is not None and settings.API_LIMITS.get(scope)
    }
    if not asked:
        return True
    try:
        counts = _count(list(asked))
    except redis.RedisError as error:
        log.warning("throttle_away", error=str(error))
        return True
    return all(count <= limit for count, limit in zip(counts, asked.values(), strict=True))


def is_spent(*, address: str) -> bool:
    """Whether the next request from there would be one too many. Counts nothing."""
    limit: int = settings.API_LIMITS.get("address", 0)
    if not limit or not address:
        return False
    try:
        return int(_redis().get(_key(f"rate:address:{address}")) or 0) >= limit  # type: ignore[arg-type]  # not asynchronous
    except redis.RedisError as error:
        log.warning("throttle_away", error=str(error))
        return False


def seconds_left() -> float:
    """Until the next window."""
    return math.ceil(WINDOW_SECONDS - time.time() % WINDOW_SECONDS)


def _count(names: list[str]) -> list[int]:
    with _redis().pipeline(transaction=False) as pipe:
        for key in map(_key, names):
            pipe.incr(key)
            pipe.expire(key, 2 * WINDOW_SECONDS)
        return [int(count) for count in pipe.execute()[::2]]


def _key(name: str) -> str:
    return cache.make_key(f"{name}:{int(time.time()) // WINDOW_SECONDS}")


@lru_cache
def _redis() -> redis.Redis:
    return redis.Redis.from_url(
        settings.REDIS_URL, socket_timeout=REDIS_SECONDS, socket_connect_timeout=REDIS_SECONDS
    )


class Limits(BaseThrottle):
    """Of every request of the API."""

    def counted(self, request: Request) -> list[tuple[str, object]]:
        """In which scopes, and for whom."""
        token: Any = request.auth
        return [
            ("user", user_of(request)),
            ("token", token.pk if isinstance(token, Token) else None),
            ("address", request.META.get("REMOTE_ADDR") or None),
        ]

    def allow_request(self, request: Request, view: "APIView") -> bool:  # noqa: ARG002
        return within_limits(*self.counted(request))

    def wait(self) -> float:
        return seconds_left()


def user_of(request: Request) -> int | None:
    return request.user.pk if isinstance(request.user, User) else None


def count_request(*, address: str, user: int | None = None, token: int | None = None) -> bool:
    """Count one that is none of the API's by the same limits; whether it is within all of them."""
    return within_limits(("user", user), ("token", token), ("address", address or None))
