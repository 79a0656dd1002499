"""The cast, and schedules whose time has come."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from access.policy import System
from backups.models import BackupSchedule, Database, DueTime
from backups.schedules import create_schedule
from monitoring.times.clock import database_now

MakeDue = Callable[..., BackupSchedule]


def overdue(schedule: BackupSchedule, by: timedelta = timedelta(minutes=2)) -> BackupSchedule:
    """As if nobody had looked at it for a while."""
    before = database_now() - by
    rows = BackupSchedule.objects.filter(pk=schedule.pk)
    rows.update(created_at=before, watermark=before, next_at=before)
    schedule.refresh_from_db()
    return schedule


@pytest.fixture
def due(database: Database) -> MakeDue:
    """A schedule of each minute, due now."""

    def make(**values: Any) -> BackupSchedule:
        values = {"name": "each minute", "interval_minutes": 1, **values}
        made = create_schedule(
            database=values.pop("database", database), actor=System("test"), **values
        )
        return overdue(made)

    return make


def only_due_time() -> DueTime:
    return DueTime.objects.select_related("schedule").get()
