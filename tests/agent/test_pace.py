"""How fast, and when."""

import threading
import time
from datetime import datetime

import pytest

from holdfast_agent.errors import NotConfigured
from holdfast_agent.pace import BandwidthLimit, Gate, UploadWindow


@pytest.mark.parametrize(
    ("window", "hour", "is_open"),
    [
        ("22:00-06:00", 23, True),
        ("22:00-06:00", 3, True),
        ("22:00-06:00", 6, False),
        ("22:00-06:00", 12, False),
        ("08:00-17:30", 17, True),
        ("08:00-17:30", 7, False),
        ("08:00-24:00", 23, True),
        ("", 12, True),
        (None, 12, True),
    ],
)
def test_hours(window: str | None, hour: int, is_open: bool) -> None:
    assert UploadWindow(window).is_open(datetime(2026, 11, 21, hour, 0)) is is_open  # noqa: DTZ001


@pytest.mark.parametrize("window", ["22-6", "25:00-06:00", "22:61-06:00", "always"])
def test_hours_that_are_none(window: str) -> None:
    with pytest.raises(NotConfigured, match="upload_window"):
        UploadWindow(window)


def test_the_limit_holds_for_all_senders_together() -> None:
    limit, stopped = BandwidthLimit(800), threading.Event()
    began = time.monotonic()

    def send() -> None:
        for _ in range(2):
            limit.wait(5_000, stopped)

    senders = [threading.Thread(target=send) for _ in range(2)]
    for one in senders:
        one.start()
    for one in senders:
        one.join()
    # 20,000 bytes at 100,000 a second.
    assert 0.19 <= time.monotonic() - began < 2


def test_a_stop_ends_a_pause() -> None:
    limit, stopped = BandwidthLimit(1), threading.Event()
    stopped.set()
    began = time.monotonic()
    limit.wait(1_000_000, stopped)
    assert time.monotonic() - began < 1


def test_the_gate_shuts_when_the_agent_ends() -> None:
    ended = threading.Event()
    gate = Gate(ended, UploadWindow(""))
    assert not gate.is_set()
    ended.set()
    assert gate.is_set()
    assert gate.wait(60)
