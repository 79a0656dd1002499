"""A tick killed at each point of a schedule's turn: the next one queues each due time once."""

import signal
from datetime import timedelta

import pytest
from django_q.models import OrmQ

from access.policy import System
from backups.models import Backup, BackupSchedule, Database, DueTime
from backups.schedules import create_schedule
from backups.scheduling.queueing import queue_due_backups
from backups.scheduling.trying import queue_retries
from monitoring.times.clock import database_now
from tests.backups.scheduling.conftest import overdue
from tests.faults.points import IN_A_SCHEDULE, one_always
from tests.faults.worker import Process

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.xdist_group("faults")]

# The tick's two duties alone: nothing else is to move meanwhile.
TURN = """
import django
django.setup()
from backups.scheduling.queueing import queue_due_backups
from backups.scheduling.trying import queue_retries
queue_due_backups()
queue_retries()
"""


@pytest.fixture
def due(database: Database) -> list[BackupSchedule]:
    """One whose time has come, and one with a failed run whose pause is over."""
    actor = System("test")
    made = [
        create_schedule(database=database, actor=actor, name=name, interval_minutes=minutes)
        for name, minutes in (("due", 1), ("tried again", 60 * 24))
    ]
    overdue(made[0])
    now = database_now()
    DueTime.objects.create(
        schedule=made[1], due_at=now - timedelta(hours=1), state="retrying", retry_at=now
    )
    BackupSchedule.objects.filter(pk=made[1].pk).update(next_at=now + timedelta(hours=9))
    return made


def test_there_are_points() -> None:
    assert len(IN_A_SCHEDULE) == 4


@pytest.mark.parametrize("point", one_always(IN_A_SCHEDULE, "schedule.before-commit"))
def test_killed_at_a_point_of_a_schedules_turn(due: list[BackupSchedule], point: str) -> None:
    process = Process(TURN, fault=point)
    assert process.wait() == -signal.SIGKILL, process.said
    queue_due_backups()
    queue_retries()
    for schedule in due:
        assert Backup.objects.filter(schedule=schedule).count() == 1, schedule.name
        assert DueTime.objects.filter(schedule=schedule, state="queued").count() == 1
    assert OrmQ.objects.filter(key="long").count() == 2
    assert queue_due_backups() == queue_retries() == 0
