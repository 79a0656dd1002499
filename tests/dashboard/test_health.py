from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from monitoring.heartbeats.models import Heartbeat
from monitoring.heartbeats.services import beat

pytestmark = pytest.mark.django_db


def test_health_is_ok_when_everything_answers(client: Client) -> None:
    beat(name="tick")
    answer = client.get("/api/health")
    assert answer.status_code == 200
    assert answer.json() == {
        "status": "ok",
        "checks": {"database": "ok", "migrations": "ok", "redis": "ok", "tick": "ok"},
    }
    assert "no-store" in answer["Cache-Control"]


def test_a_silent_tick_is_degraded(client: Client) -> None:
    Heartbeat.objects.create(name="tick", at=timezone.now() - timedelta(minutes=2))
    answer = client.get("/api/health")
    assert answer.status_code == 503
    assert answer.json()["status"] == "degraded"
    assert answer.json()["checks"]["tick"] == "stale"


def test_a_tick_that_never_ran_is_degraded(client: Client) -> None:
    answer = client.get("/api/health")
    assert answer.status_code == 503
    assert answer.json()["checks"]["tick"] == "missing"


def test_a_dead_redis_is_named_without_its_address(client: Client, settings: object) -> None:
    settings.REDIS_URL = "redis://user:pass-word@127.0.0.1:1/0"  # type: ignore[attr-defined]
    beat(name="tick")
    answer = client.get("/api/health")
    assert answer.status_code == 503
    assert answer.json()["checks"]["redis"] == "failed"
    assert "pass-word" not in answer.content.decode()


def test_liveness_and_readiness_do_not_wait_for_the_tick(client: Client) -> None:
    assert client.get("/api/health/live").json() == {"status": "ok", "checks": {}}
    ready = client.get("/api/health/ready")
    assert ready.status_code == 200
    assert ready.json()["checks"] == {"database": "ok", "migrations": "ok"}


def test_health_is_read_only(client: Client) -> None:
    assert client.post("/api/health").status_code == 405
