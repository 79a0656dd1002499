"""The cast, and a database with a month of good backups."""

from datetime import timedelta

import pytest

from access.policy import System
from backups.models import Backup, BackupSchedule, Database
from backups.schedules import create_schedule
from tests.cast import make_backup


@pytest.fixture
def schedule(database: Database) -> BackupSchedule:
    return create_schedule(
        database=database,
        actor=System("test"),
        name="nightly",
        interval_minutes=60 * 24,
        retention={"last": 3},
    )


@pytest.fixture
def month(database: Database, schedule: BackupSchedule) -> list[Backup]:
    """Six of the schedule, a day apart, the newest first; and one by hand, before them."""
    made = [
        make_backup(database, age=timedelta(days=day, hours=1), schedule=schedule)
        for day in range(6)
    ]
    return [*made, make_backup(database, age=timedelta(days=90))]
