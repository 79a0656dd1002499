"""The documented API of expected backups, field by field, in both forms of each path."""

import json
import re
from typing import Any

import pytest
from django.test import Client

from access.models import Company, User
from access.policy import System
from access.services import create_agent
from access.tokens import create_token
from monitoring.expected.arrivals import Arrival, record_entry
from monitoring.expected.models import BackupEntry, ExpectedBackupJob
from monitoring.times.clock import database_now
from tests.cast import Login

pytestmark = pytest.mark.django_db

STATUSES = {
    *("UNKNOWN", "SUCCESS", "FAILED", "MISSING"),
    *("TRANSFER_INTEGRITY_FAILED", "HASH_MISMATCH"),
}
MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")
NEW: dict[str, Any] = {
    "company_name": "Acme",
    "city": "Porto",
    "database_name": "orders",
    "agent_id_responsible": "till",
    "backup_frequency": "daily",
    "expected_hour_utc": 3,
    "expected_minute_utc": 30,
    "final_storage_path_template": "{company_name}/{city}/{database_name}_{timestamp}.{ext}",
}
JOB = {
    "id": int,
    "database_name": str,
    "agent_id_responsible": str,
    "company_name": str,
    "city": str,
    "expected_hour_utc": int,
    "expected_minute_utc": int,
    "backup_frequency": str,
    "days_of_week": list,
    "day_of_month": int | None,
    "cron": str | None,
    "local_time": str | None,
    "timezone": str,
    "final_storage_path_template": str,
    "grace_minutes": int,
    "min_size_bytes": int | None,
    "max_size_change_percent": int | None,
    "notification_recipients": list,
    "is_active": bool,
    "current_status": str,
    "last_checked_at": str | None,
    "last_success_at": str | None,
    "next_expected_at": str,
}
ENTRY = {
    "id": int,
    "expected_job_id": int,
    "status": str,
    "backup_timestamp_utc": str | None,
    "backup_hash": str | None,
    "backup_size_bytes": int | None,
    "error_message": str | None,
    "created_at": str,
    "expected_at": str,
    "received_at": str | None,
    "source": str,
    "file": str | None,
}


def is_of(kinds: dict[str, Any], one: dict[str, Any]) -> None:
    for field, kind in kinds.items():
        assert field in one, field
        assert isinstance(one[field], kind), (field, one[field])
        if field.endswith(("_at", "timestamp_utc")) and one[field] is not None:
            assert MOMENT.fullmatch(one[field]), (field, one[field])


@pytest.fixture
def made(admin: User, login: Login) -> dict[str, Any]:
    answer = login(admin).post("/api/v1/jobs/", NEW, content_type="application/json")
    assert answer.status_code == 201, answer.content
    found: dict[str, Any] = answer.json()
    return found


@pytest.fixture
def till(company: Company) -> Client:
    _agent, token = create_agent(name="till", company=company, actor=System("test"))
    return Client(headers={"Authorization": f"Bearer {token}"})


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
    for wrong in ("limit=0", "offset=x", "current_status=GONE", "is_active=1"):
        assert client.get(f"/api/v1/jobs?{wrong}").status_code == 400


def test_an_entry_field_by_field(made: dict[str, Any], viewer: User, login: Login) -> None:
    entry = record_entry(job_id=made["id"], arrival=Arrival("FAILED", "report", message="full"))
    client = login(viewer)
    for slash in ("", "/"):
        found = client.get(f"/api/v1/entries/{entry.pk}{slash}").json()
        is_of(ENTRY, found)
        assert found["status"] in STATUSES
        assert (found["expected_job_id"], found["error_message"]) == (made["id"], "full")
        for path in ("entries", f"entries/by_job/{made['id']}"):
            listed = client.get(f"/api/v1/{path}{slash}").json()
            assert set(listed) == {"results", "next", "previous", "count"}
            assert (listed["results"], listed["count"]) == ([found], None)
    assert client.get("/api/v1/entries/999999999").status_code == 404
    assert client.get("/api/v1/entries/by_job/999999999").status_code == 404


def test_entries_are_paged_by_cursor_and_filtered(
    made: dict[str, Any], viewer: User, login: Login, company: Company
) -> None:
    moment = database_now()
    job = ExpectedBackupJob.objects.get()
    rows = [
        BackupEntry(
            company=company,
            job=job,
            expected_at=moment.replace(year=2020 + number),
            status="SUCCESS" if number else "MISSING",
            source="ping",
        )
        for number in range(5)
    ]
    BackupEntry.objects.bulk_create(rows)
    client = login(viewer)
    found, url = [], "/api/v1/entries?limit=2"
    while url:
        page = client.get(url).json()
        found += [one["id"] for one in page["results"]]
        url = page["next"]
    assert found == sorted(found, reverse=True)
    assert len(found) == 5
    for query, count in (
        ("status=MISSING", 1),
        ("status=MISSING&status=SUCCESS", 5),
        ("from=2022-01-01", 3),
        ("to=2021-12-31", 2),
        ("from=2021-01-01T00:00:00Z&to=2021-12-31", 1),
        (f"job={job.pk}", 5),
        ("company_name=Acme", 5),
        ("company_name=Nobody", 0),
        ("city=Porto", 5),
        ("agent=till", 5),
        ("agent=other", 0),
    ):
        assert len(client.get(f"/api/v1/entries?{query}").json()["results"]) == count, query
    for wrong in ("status=GONE", "from=yesterday", "cursor=x", "limit=1000", "job=x"):
        assert client.get(f"/api/v1/entries?{wrong}").status_code == 400, wrong


def test_an_agent_reports_for_its_own_job_and_no_other(
    made: dict[str, Any], till: Client, company: Company, admin: User, login: Login
) -> None:
    path = f"/api/v1/jobs/{made['id']}/reports"
    body = {
        "status": "SUCCESS",
        "backup_timestamp_utc": database_now().isoformat(),
        "backup_hash": "AB" * 32,
        "backup_size_bytes": 10,
        "error_message": None,
    }
    answer = till.post(path, body, content_type="application/json")
    assert answer.status_code == 201, answer.content
    found = answer.json()
    is_of(ENTRY, found)
    assert (found["source"], found["backup_hash"]) == ("report", "ab" * 32)
    again = till.post(path + "/", body, content_type="application/json")
    assert (again.status_code, again.json()["id"]) == (201, found["id"])
    _agent, token = create_agent(name="other", company=company, actor=System("test"))
    other = Client(headers={"Authorization": f"Bearer {token}"})
    assert other.post(path, body, content_type="application/json").status_code == 404
    assert other.get("/api/v1/entries").json()["results"] == []
    assert till.get("/api/v1/jobs").json()["count"] == 1
    assert till.delete(f"/api/v1/jobs/{made['id']}").status_code == 403


@pytest.mark.parametrize(
    ("change", "option"),
    [
        ({"status": "MISSING"}, "status"),
        ({"status": None}, "status"),
        ({"backup_hash": "none"}, "backup_hash"),
        ({"backup_size_bytes": -1}, "backup_size_bytes"),
        ({"backup_timestamp_utc": "yesterday"}, "backup_timestamp_utc"),
        ({"backup_timestamp_utc": "2099-01-01T00:00:00Z"}, "backup_timestamp_utc"),
        ({"size": 1}, "size"),
    ],
)
def test_a_report_that_cannot_be(
    change: dict[str, Any], option: str, made: dict[str, Any], till: Client
) -> None:
    path, body = f"/api/v1/jobs/{made['id']}/reports", {"status": "SUCCESS", **change}
    answer = till.post(path, body, content_type="application/json")
    assert (answer.status_code, answer.json()["option"]) == (400, option)
    assert not BackupEntry.objects.exists()


def test_who_is_of_another_company_finds_nothing(
    made: dict[str, Any], stranger: User, viewer: User, login: Login
) -> None:
    entry = record_entry(job_id=made["id"], arrival=Arrival("SUCCESS", "report"))
    client = login(stranger)
    for path in (f"jobs/{made['id']}", f"entries/{entry.pk}", f"entries/by_job/{made['id']}"):
        assert client.get(f"/api/v1/{path}").status_code == 404
    assert client.get("/api/v1/jobs").json()["count"] == 0
    assert login(viewer).get(f"/api/v1/jobs/{made['id']}").json()["ping_url"] is None
    assert login(viewer).delete(f"/api/v1/jobs/{made['id']}").status_code == 403


def test_import_and_export_come_back_as_they_went(
    made: dict[str, Any], admin: User, login: Login
) -> None:
    client = login(admin)
    for form, kind in (("csv", "text/csv"), ("json", "application/json")):
        text = client.get(f"/api/v1/jobs/export?as={form}").content
        answer = client.post("/api/v1/jobs/import", text, content_type=kind)
        assert answer.json() == {
            **{"created": 0, "changed": 0, "unchanged": 1},
            "dry_run": False,
        }, form


def test_a_spreadsheet_is_taken_whole_or_not_at_all(admin: User, login: Login) -> None:
    client = login(admin)
    head = "company_name;city;database_name;agent_id_responsible;backup_frequency;"
    head += "expected_hour_utc;expected_minute_utc;days_of_week;is_active\r\n"
    good = "Acme;Évora;kassa;till-1;weekly;3;15;mon 4;yes\r\n"
    bad = "Acme;Faro;kassa;till-2;daily;25;0;;no\r\n"
    path = "/api/v1/jobs/import"
    text = "\ufeff" + head + good + "\r\n" + bad
    answer = client.post(path, text.encode(), content_type="text/csv")
    assert answer.status_code == 400
    [error] = answer.json()["lines"]
    assert (error["line"], error["option"]) == (4, "expected_hour_utc")
    assert not ExpectedBackupJob.objects.exists()
    tried = client.post(f"{path}?dry_run=true", (head + good).encode(), content_type="text/csv")
    assert (tried.json()["created"], ExpectedBackupJob.objects.count()) == (1, 0)
    client.post(path, (head + good).encode(), content_type="text/csv")
    job = ExpectedBackupJob.objects.get()
    assert (job.city, job.days_of_week, job.is_active) == ("Évora", [0, 4], True)
    assert client.post(path, b"a,b\n1,2\n", content_type="text/csv").status_code == 400
    assert client.post(path, b"\xff\xfe", content_type="text/csv").status_code == 400


def test_acknowledge_and_keep_quiet(
    made: dict[str, Any], operator: User, viewer: User, login: Login
) -> None:
    path = f"/api/v1/jobs/{made['id']}"
    assert login(viewer).post(f"{path}/acknowledge").status_code == 403
    assert login(operator).post(f"{path}/acknowledge").json()["acknowledged_at"]
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
