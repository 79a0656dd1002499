"""Requests made up from the description: none breaks the server, none is answered otherwise than
described.

A few for one group of routes in every run, 2,000 for each group in the exhaustive suite: the same
ones each time, or with `HOLDFAST_SCHEMATHESIS_RANDOM=1` others.
"""

import uuid
from collections.abc import Iterator

import pytest
from django.conf import LazySettings
from django.core.signals import request_finished, request_started
from django.db import close_old_connections

from access.models import User
from access.policy import System
from backups.models import BackupSchedule, Database
from monitoring.expected.arrivals import Arrival, record_entry
from monitoring.expected.jobs import create_job
from storage.models import StorageTarget
from tests.cast import make_backup, make_running
from tests.restores.made import make_restore

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.filterwarnings("ignore:StreamingHttpResponse must consume asynchronous"),
]
GROUPS = [
    "Backups",
    "Uploads",
    "Expected backups",
    "Holdfast",
    "Restores",
    "Databases",
    "Storages",
    "Schedules",
    "Files",
    "Description",
]


@pytest.fixture
def known(
    agent: User, database: Database, storage_target: StorageTarget, settings: LazySettings
) -> dict[str, list[str]]:
    """Ids that are there, by the name of their parameter."""
    settings.API_LIMITS = {}
    backups = [make_backup(database), make_backup(database), make_running(database)]
    schedule = BackupSchedule.objects.create(
        company=database.company, database=database, name="nightly", interval_minutes=60
    )
    job = create_job(
        actor=System("test"),
        company_name=database.company.name,
        city="Porto",
        database_name="orders",
        agent_id_responsible="till",
        backup_frequency="daily",
        local_time="02:30",
    )
    entry = record_entry(job_id=job.pk, arrival=Arrival("SUCCESS", "report"))
    return {
        "job_id": [str(job.pk)],
        "entry_id": [str(entry.pk)],
        "backup_id": [str(one.pk) for one in backups],
        "database_id": [str(database.pk)],
        "target_id": [str(storage_target.pk)],
        "schedule_id": [str(schedule.pk)],
        "file_id": [str(one.file_id) for one in backups],
        "restore_id": [str(make_restore(backups[0]).pk)],
        "upload_id": [str(uuid.uuid4())],
        "session_id": [str(uuid.uuid4())],
        "recording_id": [str(uuid.uuid4())],
        "agent_id": ["till"],
    }


@pytest.fixture(autouse=True)
def _one_connection() -> Iterator[None]:
    """A request's end would close the connection, and with it the test's transaction."""
    signals = (request_started, request_finished)
    for signal in signals:
        signal.disconnect(close_old_connections)
    yield
    for signal in signals:
        signal.connect(close_old_connections)


def test_no_request_breaks_it(known: dict[str, list[str]], admin: User) -> None:
    from tests.api.made_up import try_views

    try_views("Backups", known, admin, cases=10)


@pytest.mark.exhaustive
@pytest.mark.parametrize("role", ["operator", "admin"])
@pytest.mark.parametrize("group", GROUPS)
def test_no_request_of_thousands_breaks_it(
    group: str, role: str, known: dict[str, list[str]], request: pytest.FixtureRequest
) -> None:
    from tests.api.made_up import try_views

    try_views(group, known, request.getfixturevalue(role), cases=1000)
