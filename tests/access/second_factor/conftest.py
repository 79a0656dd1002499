"""The middle of a step of codes: no test ends in another one than it began in."""

import time

import pytest


@pytest.fixture(autouse=True)
def frozen_step(monkeypatch: pytest.MonkeyPatch) -> None:
    moment = time.time() // 30 * 30 + 15
    monkeypatch.setattr(time, "time", lambda: moment)
