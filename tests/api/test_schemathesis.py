"""Requests made up from the description: none breaks the server, none is answered otherwise than
described.

A few for some groups of routes in every run, 2,000 for each group in the exhaustive suite: the same
ones each time, or with `HOLDFAST_SCHEMATHESIS_RANDOM=1` others.
"""

import os
import uuid
from collections.abc import Iterator
from typing import Any

import pytest
import schemathesis
from django.conf import LazySettings
from django.core.signals import request_finished, request_started
from django.core.wsgi import get_wsgi_application
from django.db import close_old_connections, transaction
from hypothesis import HealthCheck, Phase, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from schemathesis import Case, GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from access.models import User
from access.policy import System
from access.tokens import create_token
from backups.models import BackupSchedule, Database
from monitoring.expected.arrivals import Arrival, record_entry
from monitoring.expected.jobs import create_job
from storage.models import StorageTarget
from tests.cast import make_backup, make_running
from tests.restores.made import make_restore
from uploads.ingest.routes import ROUTES

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.filterwarnings("ignore:StreamingHttpResponse must consume asynchronous"),
]
CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]
RANDOM = bool(os.environ.get("HOLDFAST_SCHEMATHESIS_RANDOM"))
ALWAYS = ["Backups", "Uploads", "Expected backups"]
GROUPS = [
    *ALWAYS,
    "Holdfast",
    "Restores",
    "Databases",
    "Storages",
    "Schedules",
    "Files",
    "Description",
]
WITHOUT_IDS = ["Description"]


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


def aimed(case: Case[Any], known: dict[str, list[str]], choice: int) -> Case[Any]:
    """Made-up ids are never there: half of the requests are about what is."""
    if choice % 2:
        for name in case.path_parameters or {}:
            case.path_parameters[name] = known[name][choice % len(known[name])]
        if isinstance(case.body, dict) and "database" in case.body:
            case.body["database"] = "orders"
    return case


@pytest.mark.parametrize("group", ALWAYS)
def test_no_request_breaks_it(group: str, known: dict[str, list[str]], admin: User) -> None:
    try_requests(group, known, admin, cases=10)


@pytest.mark.exhaustive
@pytest.mark.parametrize("role", ["operator", "admin"])
@pytest.mark.parametrize("group", GROUPS)
def test_no_request_of_thousands_breaks_it(
    group: str, role: str, known: dict[str, list[str]], request: pytest.FixtureRequest
) -> None:
    try_requests(group, known, request.getfixturevalue(role), cases=1000)


def try_requests(group: str, known: dict[str, list[str]], user: User, *, cases: int) -> None:
    token = create_token(user=user, name="x", actor=System("cli"))
    headers = {"Authorization": f"Bearer {token}"}
    app = get_wsgi_application()
    schema = schemathesis.openapi.from_wsgi("/api/schema", app=app, headers=headers)
    # The data plane stands before Django: tests/walk/test_data_plane asks it by a real server.
    asked = schema.include(tag=group).exclude(path=[route.pattern for route in ROUTES])
    found: list[Any] = list(asked.get_all_operations())
    operations = [one.ok() for one in found]
    assert operations
    strategies: list[Any] = [
        operation.as_strategy(mode)
        for operation in operations
        for mode in GenerationMode
        if mode == GenerationMode.POSITIVE or group not in WITHOUT_IDS
    ]

    @hypothesis_settings(
        max_examples=cases,
        deadline=None,
        derandomize=not RANDOM,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=st.one_of(strategies), choice=st.integers(0, 5))
    def ask(case: Case[Any], choice: int) -> None:
        with transaction.atomic():
            aimed(case, known, choice).call_and_validate(headers=headers, checks=CHECKS)
            transaction.set_rollback(True)

    ask()
