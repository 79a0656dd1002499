"""When a cluster is taken for stuck, and when it is only busy."""

import pytest

from config.queues.judging import Judge, Limits, Sight

WELL = Sight(task=0, canary=0, free=1)
STUCK = Sight(task=0, canary=100, free=1)


@pytest.fixture
def judge() -> Judge:
    return Judge(Limits(60), now=1000)


def test_a_canary_that_does_not_come_through_is_told(judge: Judge) -> None:
    assert judge.judge(WELL, now=1080) == ""
    assert "canary" in judge.judge(STUCK, now=1091)


def test_a_task_that_nobody_takes_is_told(judge: Judge) -> None:
    assert "task" in judge.judge(Sight(task=61, canary=0, free=2), now=1091)
    assert judge.judge(Sight(task=59, canary=59, free=2), now=1091) == ""


def test_a_new_cluster_is_not_judged(judge: Judge) -> None:
    assert judge.judge(STUCK, now=1089) == ""


def test_busy_workers_are_not_stuck(judge: Judge) -> None:
    for now in range(1000, 9000, 3):
        assert judge.judge(Sight(task=5000, canary=5000, free=0), now=now) == ""


def test_a_worker_that_became_free_gets_its_time(judge: Judge) -> None:
    judge.judge(Sight(task=5000, canary=5000, free=0), now=6000)
    waits = Sight(task=5000, canary=5000, free=1)
    assert judge.judge(waits, now=6003) == ""
    assert judge.judge(waits, now=6060) == ""
    assert judge.judge(waits, now=6061) != ""


def test_what_cannot_be_asked_is_not_judged(judge: Judge) -> None:
    judge.excuse(now=2000)
    assert judge.judge(STUCK, now=2060) == ""
    assert judge.judge(STUCK, now=2061) != ""
