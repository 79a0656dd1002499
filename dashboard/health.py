"""Whether the installation works, for load balancers and monitors. Open, and says no secret."""

import logging
from collections.abc import Callable
from datetime import timedelta

import redis
from django.conf import settings
from django.db import Error as DatabaseError
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.http import HttpRequest, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from monitoring.heartbeats.services import ages

TICK = "tick"
TICK_STALE_AFTER = timedelta(seconds=60)
REDIS_SECONDS = 2.0

log = logging.getLogger(__name__)


def check_database() -> str:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    return "ok"


def check_migrations() -> str:
    executor = MigrationExecutor(connection)
    wanted = executor.migration_plan(executor.loader.graph.leaf_nodes())
    return "pending" if wanted else "ok"


def check_redis() -> str:
    client = redis.Redis.from_url(
        settings.REDIS_URL, socket_timeout=REDIS_SECONDS, socket_connect_timeout=REDIS_SECONDS
    )
    with client:
        client.ping()
    return "ok"


def check_tick() -> str:
    """The tick decides what is due: a silent one means that nothing is watched."""
    last = ages().get(TICK)
    if last is None:
        return "missing"
    return "stale" if last > TICK_STALE_AFTER else "ok"


# What a request needs, and what the installation needs besides.
READY: dict[str, Callable[[], str]] = {
    "database": check_database,
    "migrations": check_migrations,
}
ALL: dict[str, Callable[[], str]] = {**READY, "redis": check_redis, "tick": check_tick}


@never_cache
@require_safe
def health(request: HttpRequest) -> JsonResponse:  # noqa: ARG001
    """All checks: 200 when each is ok, else 503."""
    return _answer(ALL)


@never_cache
@require_safe
def live(request: HttpRequest) -> JsonResponse:  # noqa: ARG001
    """The process answers. Restart it when this fails."""
    return _answer({})


@never_cache
@require_safe
def ready(request: HttpRequest) -> JsonResponse:  # noqa: ARG001
    """The process can serve pages. Send it no requests while this fails."""
    return _answer(READY)


def _answer(checks: dict[str, Callable[[], str]]) -> JsonResponse:
    found = {name: _result(name, check) for name, check in checks.items()}
    well = all(result == "ok" for result in found.values())
    body = {"status": "ok" if well else "degraded", "checks": found}
    return JsonResponse(body, status=200 if well else 503)


def _result(name: str, check: Callable[[], str]) -> str:
    try:
        return check()
    except (DatabaseError, redis.RedisError, OSError):
        # The reason may name hosts and users: it goes to the log, not to the asker.
        log.warning("health check failed", extra={"check": name}, exc_info=True)
        return "failed"
