from datetime import datetime, timedelta

import pytest
from django.conf import settings
from django.test import Client
from django.utils import timezone
from django_q.models import OrmQ

from access.models import Company, User
from access.policy import System
from access.tokens import create_token
from monitoring.alerts.models import Channel
from monitoring.alerts.services import open_alert
from monitoring.files.models import TrackedFile
from monitoring.files.services import open_file
from monitoring.heartbeats.models import Heartbeat
from monitoring.heartbeats.services import beat

pytestmark = pytest.mark.django_db


def test_health_is_ok_when_everything_answers(client: Client) -> None:
    beat(name="tick")
    answer = client.get("/api/health")
    assert answer.status_code == 200
    found = answer.json()
    assert found["status"] == "ok"
    assert found["version"] == settings.VERSION
    assert datetime.fromisoformat(found["time"]).tzinfo is not None
    assert found["checks"] == dict.fromkeys(
        ("database", "migrations", "redis", "tick", "queue"), "ok"
    )
    assert found["measured"] == {
        "queue_lag": {"short": 0, "long": 0},
        "canary_age": {"short": None, "long": None},
        "alerts_waiting": 0,
    }
    assert "no-store" in answer["Cache-Control"]


def test_a_token_that_is_none_is_told(client: Client, company: Company) -> None:
    """How an agent finds out, without another call."""
    beat(name="tick")
    user = User.objects.create_user("agent:till")
    token = create_token(user=user, name="test", actor=System("tests"))
    assert (
        client.get("/api/health", headers={"Authorization": f"Bearer {token}"}).status_code == 200
    )
    answer = client.get("/api/health", headers={"Authorization": "Bearer hf_" + "0" * 64})
    assert answer.status_code == 401
    assert answer.headers["WWW-Authenticate"] == "Bearer"
    assert answer.json()["code"] == "not_authenticated"


def test_a_silent_tick_is_degraded(client: Client) -> None:
    Heartbeat.objects.create(name="tick", at=timezone.now() - timedelta(minutes=2))
    answer = client.get("/api/health")
    assert answer.status_code == 503
    assert answer.json()["status"] == "degraded"
    assert answer.json()["checks"]["tick"] == "stale"


def test_a_short_queue_that_nobody_empties_is_degraded(client: Client) -> None:
    beat(name="tick")
    beat(name="queue-short")
    put_in = timezone.now() - timedelta(minutes=5)
    OrmQ.objects.create(key="short", payload="", lock=put_in)
    answer = client.get("/api/health")
    assert answer.status_code == 503
    assert answer.json()["checks"]["queue"] == "late"
    assert answer.json()["measured"]["queue_lag"]["short"] == pytest.approx(300, abs=10)
    assert answer.json()["measured"]["canary_age"]["short"] < 10


def test_long_work_may_wait_behind_long_work(client: Client, company: Company) -> None:
    beat(name="tick")
    put_in = timezone.now() - timedelta(minutes=5)
    OrmQ.objects.create(key="long", payload="", lock=put_in)
    assert client.get("/api/health").json()["checks"]["queue"] == "late"
    file = open_file(
        kind="backup", company=company, name="orders", original_path="", origin="local"
    )
    TrackedFile.objects.filter(pk=file.pk).update(
        status="processing", lease_until=timezone.now() + timedelta(seconds=45)
    )
    assert client.get("/api/health").json()["checks"]["queue"] == "ok"


def test_alerts_that_wait_are_counted(client: Client, company: Company) -> None:
    Channel.objects.create(name="mail", recipients=["ops@example.org"])
    open_alert(key="backup.failed:1", company=company, subject="x")
    assert client.get("/api/health").json()["measured"]["alerts_waiting"] == 1


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
