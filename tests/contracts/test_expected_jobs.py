"""The documented API of expected jobs, field by field, in both forms of each path."""

import json
from typing import Any

import pytest
from django.test import Client

from access.models import Company, User
from access.policy import System
from access.tokens import create_token
from monitoring.expected.models import ExpectedBackupJob
from tests.cast import Login
from tests.contracts.expected_shapes import JOB, NEW, is_of, made, till

__all__ = ["made", "till"]
pytestmark = pytest.mark.django_db


def test_a_job_field_by_field(made: dict[str, Any], admin: User, login: Login) -> None:
    is_of(JOB, made)
    assert {name: made[name] for name in NEW} == NEW
    assert (made["current_status"], made["last_success_at"]) == ("UNKNOWN", None)
    for slash in ("", "/"):
        assert login(admin).get(f"/api/v1/jobs/{made['id']}{slash}").json() == made
        listed = login(admin).get(f"/api/v1/jobs{slash}").json()
        assert set(listed) == {"results", "next", "previous", "count"}
        assert (listed["results"], listed["count"]) == ([made], 1)


def test_it_is_replaced_changed_and_deleted(
    made: dict[str, Any], admin: User, login: Login
) -> None:
    client, path = login(admin), f"/api/v1/jobs/{made['id']}/"
    body = {**NEW, "city": "Faro", "grace_minutes": 90}
    found = client.put(path, body, content_type="application/json").json()
    assert (found["city"], found["grace_minutes"], found["id"]) == ("Faro", 90, made["id"])
    found = client.patch(path, {"is_active": False}, content_type="application/json").json()
    assert (found["is_active"], found["grace_minutes"]) == (False, 90)
    found = client.put(path, NEW, content_type="application/json").json()
    assert (found["is_active"], found["grace_minutes"]) == (True, 60)
    missing = {name: value for name, value in NEW.items() if name != "city"}
    answer = client.put(path, missing, content_type="application/json")
    assert (answer.status_code, answer.json()["option"]) == (400, "city")
    assert client.delete(path).status_code == 204
    assert client.get(path).status_code == 404


@pytest.mark.parametrize(
    ("change", "option"),
    [
        ({"local_time": "02:30", "timezone": "Europe/Berlin"}, "local_time"),
        ({"expected_hour_utc": 24}, "expected_hour_utc"),
        ({"expected_hour_utc": "3"}, "expected_hour_utc"),
        ({"expected_minute_utc": 60}, "expected_minute_utc"),
        ({"expected_minute_utc": None}, "expected_minute_utc"),
        ({"backup_frequency": "yearly"}, "backup_frequency"),
        ({"backup_frequency": "weekly"}, "days_of_week"),
        ({"backup_frequency": "weekly", "days_of_week": [7]}, "days_of_week"),
        ({"backup_frequency": "monthly"}, "day_of_month"),
        ({"backup_frequency": "monthly", "day_of_month": 32}, "day_of_month"),
        ({"backup_frequency": "custom"}, "cron"),
        ({"backup_frequency": "custom", "cron": "0 25 * * *"}, "cron"),
        ({"cron": "0 3 * * *"}, "cron"),
        ({"timezone": "Mars/Olympus"}, "timezone"),
        ({"final_storage_path_template": "{company}/{ext}"}, "final_storage_path_template"),
        ({"final_storage_path_template": "../{ext}"}, "final_storage_path_template"),
        ({"final_storage_path_template": "/etc/{ext}"}, "final_storage_path_template"),
        ({"final_storage_path_template": "a/{city}/../../b"}, "final_storage_path_template"),
        ({"grace_minutes": -1}, "grace_minutes"),
        ({"min_size_bytes": True}, "min_size_bytes"),
        ({"notification_recipients": ["nobody"]}, "notification_recipients"),
        ({"agent_id_responsible": "a b"}, "agent_id_responsible"),
        ({"company_name": "Elsewhere"}, "company_name"),
        ({"city": ""}, "city"),
        ({"city": None}, "city"),
        ({"next_expected_at": "2026-11-21T03:00:00Z"}, "next_expected_at"),
    ],
)
def test_what_cannot_be_is_named(
    change: dict[str, Any], option: str, admin: User, login: Login, stranger: User
) -> None:
    body = json.dumps({**NEW, **change})
    answer = login(admin).post("/api/v1/jobs", body, content_type="application/json")
    assert (answer.status_code, answer.json()["option"]) == (400, option)
    assert not ExpectedBackupJob.objects.exists()


def test_what_is_read_only_is_said_to_be(admin: User, login: Login) -> None:
    for name in ("current_status", "last_checked_at", "last_success_at", "next_expected_at"):
        body = json.dumps({**NEW, name: None})
        answer = login(admin).post("/api/v1/jobs", body, content_type="application/json")
        assert answer.status_code == 400
        assert "can only be read" in answer.content.decode()


@pytest.mark.parametrize(
    "change",
    [
        {"backup_frequency": "hourly", "expected_hour_utc": None},
        {"backup_frequency": "weekly", "days_of_week": ["mon", 4]},
        {"backup_frequency": "monthly", "day_of_month": 31},
        {"backup_frequency": "custom", "cron": "30 2 * * 1-5", "timezone": "Europe/Lisbon"},
        {
            **{"local_time": "02:30", "timezone": "Europe/Lisbon"},
            **{"expected_hour_utc": None, "expected_minute_utc": None},
        },
    ],
)
def test_each_frequency(change: dict[str, Any], admin: User, login: Login) -> None:
    answer = login(admin).post("/api/v1/jobs", {**NEW, **change}, content_type="application/json")
    assert answer.status_code == 201, answer.content
    assert answer.json()["next_expected_at"]


def test_lists_are_paged_and_filtered(admin: User, login: Login) -> None:
    client = login(admin)
    for city in ("Porto", "Faro", "Braga"):
        client.post("/api/v1/jobs", {**NEW, "city": city}, content_type="application/json")
    page = client.get("/api/v1/jobs?limit=2").json()
    assert (len(page["results"]), page["count"], page["previous"]) == (2, 3, None)
    rest = client.get(page["next"]).json()
    assert ([one["city"] for one in rest["results"]], rest["next"]) == (["Braga"], None)
    assert client.get("/api/v1/jobs?skip=1&limit=1").json()["results"][0]["city"] == "Faro"
    assert client.get("/api/v1/jobs?city=Faro").json()["count"] == 1
    assert client.get("/api/v1/jobs?search=bra").json()["count"] == 1
    assert client.get("/api/v1/jobs?current_status=SUCCESS").json()["count"] == 0
    due = ExpectedBackupJob.objects.order_by("pk")[0].next_expected_at
    assert due is not None
    for query, count in (("next_from=2026-01-01", 3), ("next_to=2026-01-01", 0)):
        assert client.get(f"/api/v1/jobs?{query}").json()["count"] == count
    assert client.get(f"/api/v1/jobs?next_to={due:%Y-%m-%d}").json()["count"] == 3
    for wrong in ("limit=0", "offset=x", "current_status=GONE", "is_active=1", "next_to=x"):
        assert client.get(f"/api/v1/jobs?{wrong}").status_code == 400


def test_acknowledge_and_keep_quiet(
    made: dict[str, Any], operator: User, viewer: User, login: Login
) -> None:
    path = f"/api/v1/jobs/{made['id']}"
    assert login(viewer).post(f"{path}/acknowledge").status_code == 403
    found = login(operator).post(f"{path}/acknowledge").json()
    assert (found["acknowledged_by"], bool(found["acknowledged_at"])) == ("otto", True)
    answer = login(operator).post(f"{path}/snooze", {"hours": 8}, content_type="application/json")
    assert answer.json()["snoozed_until"]
    answer = login(operator).post(f"{path}/snooze", {"hours": -1}, content_type="application/json")
    assert answer.status_code == 400


def test_who_manages_all_companies_makes_one_by_naming_it(superuser: User) -> None:
    token = create_token(user=superuser, name="x", actor=System("test"))
    client = Client(headers={"Authorization": f"Bearer {token}"})
    answer = client.post(
        "/api/v1/jobs/", {**NEW, "company_name": "New Ltd"}, content_type="application/json"
    )
    assert answer.status_code == 201
    assert Company.objects.filter(name="New Ltd").exists()
