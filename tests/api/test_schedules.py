"""Schedules over the API: as they were given, when they run, what cannot be."""

from datetime import timedelta

import pytest
from django.db.models.functions import Now

from access.models import Company, User
from backups.models import Backup, BackupSchedule, Database
from backups.scheduling.queueing import queue_due_backups
from storage.models import StorageTarget
from tests.api.test_resources import SCHEDULE, send
from tests.backups.test_api import is_problem
from tests.cast import Login

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    "cron",
    ["*/5 * * * *", "0 0 1 jan-mar MON", "0,30 8-18/2 * * 1-5", "5/20 3 29 2 *", "0 0 * * 7"],
)
def test_cron_that_can_be(cron: str, database: Database, login: Login, admin: User) -> None:
    answer = send(login(admin), "post", "/api/schedules", {**SCHEDULE, "cron": cron})
    assert answer.status_code == 201, answer.content


def test_a_schedule_is_kept_as_it_was_given(
    database: Database, storage_target: StorageTarget, login: Login, admin: User
) -> None:
    client = login(admin)
    body = {
        **SCHEDULE,
        "time_zone": "Europe/Berlin",
        "options": {"label": "nightly", "schemas": ["public"]},
        "storages": ["vault"],
        "retention": {"last": 7, "daily": 30},
    }
    found = send(client, "post", "/api/schedules", body).json()
    assert found["options"] == body["options"]
    assert found["storages"] == [{"id": str(storage_target.pk), "name": "vault"}]
    assert (found["retention"]["last"], found["retention"]["weekly"]) == (7, None)
    where = f"/api/schedules/{found['id']}"
    changed = send(client, "patch", where, {"interval_minutes": 60, "retention": None}).json()
    assert (changed["cron"], changed["interval_minutes"]) == (None, 60)
    assert changed["retention"] is None
    assert changed["storages"] == found["storages"]
    is_problem(client.delete(f"/api/storages/{storage_target.pk}"), 409, "in_use")
    assert client.delete(where).status_code == 204
    is_problem(client.get(where), 404)


def test_a_schedule_takes_no_storage_of_others(
    database: Database, stranger: User, login: Login, superuser: User
) -> None:
    theirs = StorageTarget.objects.create(
        company=Company.objects.get(name="Elsewhere"), name="theirs", options={"folder": "/x"}
    )
    for ref in ("theirs", str(theirs.pk)):
        body = {**SCHEDULE, "storages": [ref]}
        is_problem(send(login(superuser), "post", "/api/schedules", body), 404)


def test_a_schedule_says_when_it_runs_next_and_what_its_last_run_did(
    database: Database, login: Login, admin: User
) -> None:
    client = login(admin)
    window = {"from": "22:00", "to": "04:30"}
    body = {**SCHEDULE, "cron": "30 2 * * *", "window": window, "jitter_minutes": 0, "retries": 4}
    found = send(client, "post", "/api/schedules", body).json()
    assert (found["window"], found["retries"], found["retry_minutes"]) == (window, 4, 5)
    assert [at[11:16] for at in found["next_runs"]] == ["02:30"] * 5
    assert found["last_run"] is None
    where = f"/api/schedules/{found['id']}"
    assert send(client, "patch", where, {"window": None}).json()["window"] is None
    BackupSchedule.objects.update(
        watermark=Now() - timedelta(days=2), next_at=Now() - timedelta(days=1)
    )
    assert queue_due_backups() == 1
    run = client.get(where).json()["last_run"]
    assert (run["state"], run["status"]) == ("queued", "pending")
    assert send(client, "patch", where, {"enabled": False}).json()["next_runs"] == []
    assert send(client, "post", f"{where}/run", {}).status_code == 409
    Backup.objects.update(status="cancelled")
    assert send(client, "post", f"{where}/run", {}).json()["trigger"] == "api"


def test_a_window_in_which_it_never_runs_is_refused(
    database: Database, login: Login, admin: User
) -> None:
    for wrong in (
        {"from": "10:00", "to": "11:00"},
        {"from": "1000", "to": "11"},
        {"from": "10:00", "to": "10:00"},
        {"from": "10:00"},
        {"from": "25:00", "to": "11:00"},
    ):
        answer = send(login(admin), "post", "/api/schedules", {**SCHEDULE, "window": wrong})
        is_problem(answer, 400)
    assert not BackupSchedule.objects.exists()
