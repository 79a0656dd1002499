"""Lists of expected jobs from a spreadsheet and back."""

from typing import Any

import pytest

from access.models import User
from monitoring.expected.models import ExpectedBackupJob
from tests.cast import Login
from tests.contracts.expected_shapes import made, till

__all__ = ["made", "till"]
pytestmark = pytest.mark.django_db


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


def test_a_page_of_the_list_can_be_imported(
    made: dict[str, Any], admin: User, login: Login
) -> None:
    page = login(admin).get("/api/v1/jobs").json()
    page["results"][0]["grace_minutes"] = 7
    answer = login(admin).post("/api/v1/jobs/import", page, content_type="application/json")
    assert (answer.status_code, answer.json()["changed"]) == (200, 1)
    assert ExpectedBackupJob.objects.get(pk=made["id"]).grace_minutes == 7


def test_a_spreadsheet_is_taken_whole_or_not_at_all(admin: User, login: Login) -> None:
    client = login(admin)
    head = "company_name;city;database_name;agent_id_responsible;backup_frequency;"
    head += "expected_hour_utc;expected_minute_utc;days_of_week;is_active;min_size_bytes\r\n"
    good = "Acme;Évora;kassa;till-1;weekly;3;15;mon 4;yes;1.5 GB\r\n"
    bad = "Acme;;kassa;till-2;often;25;0;;no\r\n"
    path = "/api/v1/jobs/import"
    text = "\ufeff" + head + good + "\r\n" + bad
    answer = client.post(path, text.encode(), content_type="text/csv")
    assert answer.status_code == 400
    # All of a line's mistakes at once.
    assert [(error["line"], error["option"]) for error in answer.json()["lines"]] == [
        (4, "city"),
        (4, "backup_frequency"),
        (4, "expected_hour_utc"),
    ]
    assert not ExpectedBackupJob.objects.exists()
    tried = client.post(f"{path}?dry_run=true", (head + good).encode(), content_type="text/csv")
    assert (tried.json()["created"], ExpectedBackupJob.objects.count()) == (1, 0)
    client.post(path, (head + good).encode(), content_type="text/csv")
    job = ExpectedBackupJob.objects.get()
    assert (job.city, job.days_of_week, job.is_active) == ("Évora", [0, 4], True)
    assert job.min_size_bytes == 1_500_000_000
    text = head + good.replace("1.5 GB", "1,5 Mo")
    [error] = client.post(path, text.encode(), content_type="text/csv").json()["lines"]
    assert (error["line"], error["option"]) == (2, "min_size_bytes")
    assert client.post(path, b"a,b\n1,2\n", content_type="text/csv").status_code == 400
    assert client.post(path, b"\xff\xfe", content_type="text/csv").status_code == 400
