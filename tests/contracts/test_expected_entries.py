"""The documented API of entries and reports, field by field, in both forms of each path."""

from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from access.models import Company, User
from access.policy import System
from access.services import create_agent
from monitoring.expected.arrivals import Arrival, record_entry
from monitoring.expected.entry_cursors import older_than, place_of
from monitoring.expected.models import BackupEntry, ExpectedBackupJob
from monitoring.times.clock import database_now
from tests.cast import Login
from tests.contracts.expected_shapes import ENTRY, STATUSES, is_of, made, till

__all__ = ["made", "till"]
pytestmark = pytest.mark.django_db


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
    pages = _followed(client, "/api/v1/entries?limit=2", "next")
    found = [one for page in pages for one in page]
    assert found == sorted(found, reverse=True)
    assert len(found) == 5
    at = {one.pk: older_than(place_of(one)) for one in BackupEntry.objects.all()}
    path = f"/api/v1/entries/by_job/{job.pk}?status=SUCCESS&limit=2&cursor={at[found[-1]]}"
    assert client.get(path).json()["results"] == []
    path = f"/api/v1/entries?limit=2&cursor={at[found[-2]]}"
    back = _followed(client, path, "previous")
    assert back == [[found[4]], [found[2], found[3]], [found[0], found[1]]]
    path = f"/api/v1/entries/by_job/{job.pk}?status=SUCCESS&limit=3&cursor=newer-{at[found[-1]]}"
    page = client.get(path).json()
    assert [one["id"] for one in page["results"]] == found[1:4]
    assert "status=SUCCESS" in page["previous"]
    assert client.get(page["next"]).json()["results"] == []
    counts = []
    second, fourth = at[found[1]], at[found[3]]
    for query in ("limit=1", "limit=5", f"limit=3&cursor={second}", f"cursor=newer-{fourth}"):
        with CaptureQueriesContext(connection) as asked:
            client.get(f"/api/v1/entries?{query}")
        counts.append(len(asked))
    assert counts == [3] * 4
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
        ("city=Nowhere&agent=till", 0),
        ("city=Porto&agent=till", 5),
    ):
        assert len(client.get(f"/api/v1/entries?{query}").json()["results"]) == count, query
    for wrong in ("status=GONE", "from=yesterday", "limit=1000", "job=x"):
        assert client.get(f"/api/v1/entries?{wrong}").status_code == 400, wrong
    for wrong in ("x", "newer-", "newer-x.1", "9" * 30, "1." + "9" * 19, "9" * 18 + ".1", "5"):
        wrong = f"cursor={wrong}"
        assert client.get(f"/api/v1/entries?{wrong}").status_code == 400, wrong


def _followed(client: Client, url: str | None, link: str) -> list[list[int]]:
    """The ids of each page, by `next` or `previous`."""
    pages = []
    while url:
        page = client.get(url).json()
        pages.append([one["id"] for one in page["results"]])
        url = page[link]
    return pages


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
