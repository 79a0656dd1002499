"""The tick: every duty in each round, one leader, and no sign of life when it cannot work."""

import threading

import psycopg
import pytest
from django.db import connection

from config import tick
from monitoring.heartbeats.models import Heartbeat
from tests.config.waiting import wait_for

pytestmark = pytest.mark.django_db(transaction=True)


def test_a_round_leaves_a_beat() -> None:
    tick.run_once()
    assert Heartbeat.objects.filter(name="tick").exists()


def test_a_duty_that_fails_holds_no_other_up_and_shows(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    done: list[str] = []

    def fails() -> None:
        raise ValueError("no")

    def works() -> None:
        done.append("works")

    monkeypatch.setattr(tick, "DUTIES", (fails, works))
    tick.run_once()
    assert done == ["works"]
    assert not Heartbeat.objects.filter(name="tick").exists()
    monkeypatch.setattr(tick, "DUTIES", (works,))
    tick.run_once()
    assert Heartbeat.objects.filter(name="tick").exists()


def test_one_leads_and_the_next_follows_when_it_is_gone(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(tick, "EVERY_SECONDS", 0.05)
    rounds: list[int] = []
    monkeypatch.setattr(tick, "DUTIES", (lambda: rounds.append(1),))
    here = connection.settings_dict
    leader = psycopg.connect(
        host=here["HOST"], user=here["USER"], dbname=here["NAME"], autocommit=True
    )
    leader.execute("SELECT pg_advisory_lock(%s)", [tick.LOCK])
    stop = threading.Event()

    def run() -> None:
        tick.run_forever(stop)
        connection.close()

    follower = threading.Thread(target=run)
    follower.start()
    try:
        assert not stop.wait(0.5)
        assert rounds == []
        leader.close()
        wait_for(lambda: len(rounds) > 2, seconds=10, what="the follower leads")
    finally:
        stop.set()
        follower.join()
