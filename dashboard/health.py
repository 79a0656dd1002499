"""Whether the installation works, for load balancers and monitors. Open, and says no secret."""

import logging
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import redis
from django.conf import settings
from django.db import Error as DatabaseError
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.db.models.functions import Now
from django.http import HttpRequest, JsonResponse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe
from rest_framework.exceptions import AuthenticationFailed, Throttled
from rest_framework.request import Request

from access.authentication import UncountedBearer
from monitoring.alerts.models import Delivery
from monitoring.files.claims import held
from monitoring.heartbeats.services import ages
from monitoring.queue.selectors import QUEUES, lags

TICK = "tick"
TICK_STALE_AFTER = timedelta(seconds=60)
QUEUE_LATE_AFTER = timedelta(minutes=3)
MOST_COUNTED = 1000
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


def check_queue() -> str:
    """Long work may wait for hours while other long work is done; short work may not."""
    late = {queue for queue, lag in lags().items() if lag > QUEUE_LATE_AFTER}
    if late == {"long"} and held().exists():
        return "ok"
    return "late" if late else "ok"


def measure_queue() -> dict[str, Any]:
    """Seconds by the database's clock; counts end at a bound, so that asking stays cheap."""
    beats = ages()
    waiting = Delivery.objects.filter(status=Delivery.Status.WAITING, due_at__lte=Now())
    return {
        "queue_lag": {queue: _seconds(lag) for queue, lag in lags().items()},
        "canary_age": {queue: _seconds(beats.get(f"queue-{queue}")) for queue in QUEUES},
        "alerts_waiting": waiting.order_by()[:MOST_COUNTED].count(),
    }


def _seconds(age: timedelta | None) -> float | None:
    return None if age is None else round(age.total_seconds(), 1)


# What a request needs, and what the installation needs besides.
READY: dict[str, Callable[[], str]] = {
    "database": check_database,
    "migrations": check_migrations,
}
ALL: dict[str, Callable[[], str]] = {
    **READY,
    "redis": check_redis,
    "tick": check_tick,
    "queue": check_queue,
}


@never_cache
@require_safe
def health(request: HttpRequest) -> JsonResponse:
    """All checks: 200 when each is ok, else 503. With them what was measured, when it could be.

    Open to all; but who sends a token that is none is told so, by 401.
    """
    return _refuse_token(request) or _answer(ALL, measure_queue)


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


def _refuse_token(request: HttpRequest) -> JsonResponse | None:
    """The answer to a token that is none; None when there is none, or nobody can tell."""
    try:
        UncountedBearer().authenticate(Request(request))
    except (AuthenticationFailed, Throttled) as error:
        code = "throttled" if isinstance(error, Throttled) else "not_authenticated"
        status = error.status_code
        answer = JsonResponse(
            {
                "type": "about:blank",
                "title": code,
                "status": status,
                "code": code,
                "detail": str(error.detail),
            },
            status=status,
            content_type="application/problem+json",
        )
        if isinstance(error, Throttled):
            answer["Retry-After"] = str(int(getattr(error, "wait", None) or 1))
        else:
            answer["WWW-Authenticate"] = "Bearer"
        return answer
    except DatabaseError:
        log.warning("token was not checked", exc_info=True)
    return None


def _answer(
    checks: dict[str, Callable[[], str]], measure: Callable[[], dict[str, Any]] | None = None
) -> JsonResponse:
    found = {name: _result(name, check) for name, check in checks.items()}
    well = all(result == "ok" for result in found.values())
    body: dict[str, Any] = {"status": "ok" if well else "degraded", "checks": found}
    if measure:
        # This host's time: it is told also when the database's cannot be asked.
        body.update(version=settings.VERSION, time=timezone.now().isoformat())
    if measure and found.get("database") == "ok":
        try:
            body["measured"] = measure()
        except DatabaseError:
            log.warning("health was not measured", exc_info=True)
    return JsonResponse(body, status=200 if well else 503)


def _result(name: str, check: Callable[[], str]) -> str:
    try:
        return check()
    except (DatabaseError, redis.RedisError, OSError):
        # The reason may name hosts and users: it goes to the log, not to the asker.
        log.warning("health check failed", extra={"check": name}, exc_info=True)
        return "failed"
