"""The pages of expected backups: they fit, say what is wrong, and take what somebody does."""

import os
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import expect as see

from access.models import Company, User
from monitoring.expected.arrivals import Arrival, record_entry
from monitoring.expected.models import BackupEntry, ExpectedBackupJob
from monitoring.expected.scanning import scan_jobs
from monitoring.times.clock import database_now
from tests.monitoring.expected.conftest import expect, overdue

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.xdist_group("browser")]


@pytest.fixture
def missing(company: Company) -> ExpectedBackupJob:
    """Of three jobs one is missing; each has a season behind it."""
    now = database_now()
    jobs = [
        expect(company, city=city, database_name=name, agent_id_responsible=f"till-{name}")
        for city, name in (
            ("Porto", "orders"),
            ("Porto", "a_ledger_with_a_long_name"),
            ("Faro", "crm"),
        )
    ]
    rows = []
    for place, job in enumerate(jobs):
        for day in range(1, 90):
            bad = (day * 7 + place * 3) % 23 == 0
            rows.append(
                BackupEntry(
                    company=company,
                    job=job,
                    expected_at=now - timedelta(days=day),
                    status="FAILED" if bad else "SUCCESS",
                    source="ping",
                    error_message="Exit status 1. no space left on device" if bad else None,
                    warnings=[{"code": "late", "message": "late"}] if day % 31 == 0 else [],
                )
            )
    BackupEntry.objects.bulk_create(rows)
    for job in jobs[1:]:
        record_entry(
            job_id=job.pk,
            arrival=Arrival("SUCCESS", "report", size=402_223_016, hash="9f" * 32),
        )
    overdue(jobs[0])
    scan_jobs()
    return jobs[0]


@pytest.mark.exhaustive
def test_what_is_missing_is_seen_and_looked_after(
    visit: Any, operator: User, missing: ExpectedBackupJob
) -> None:
    visitor = visit()
    visitor.let_in(operator)
    page = visitor.open("/dashboard/expected")
    see(page.get_by_role("link", name="Missing 1")).to_be_visible()
    assert visitor.too_wide() == []
    _picture(visitor, "board")
    page.get_by_role("link", name="orders", exact=True).click()
    see(page.get_by_text("Nothing arrived by the end of grace.")).to_be_visible()
    assert visitor.too_wide() == []
    _picture(visitor, "job")
    page.get_by_role("button", name="Look after it").click()
    see(page.get_by_text("looked after by otto")).to_be_visible()
    page.locator(".strip a.bad").last.click()
    see(page.locator("table.entries tbody tr")).to_have_count(1)


@pytest.mark.exhaustive
def test_a_backup_is_expected_by_the_form(visit: Any, admin: User, company: Company) -> None:
    visitor = visit()
    visitor.let_in(admin)
    page = visitor.open("/dashboard/expected")
    _picture(visitor, "empty")
    page.get_by_role("link", name="Expect a backup").click()
    see(page.get_by_label("Company")).to_have_value(company.name)
    page.get_by_label("City").fill("Porto")
    page.get_by_label("Name of the database").fill("orders")
    page.get_by_label("Agent").fill("till 1")
    page.get_by_label("How often").select_option("weekly")
    page.get_by_label("Thursday").check()
    see(page.get_by_label("Cron")).to_be_hidden()
    see(page.locator("#due li")).to_have_count(5)
    page.get_by_role("button", name="Save").click()
    see(page.get_by_text("An agent's id is made of letters")).to_be_visible()
    see(page.get_by_label("Thursday")).to_be_checked()
    assert visitor.too_wide() == []
    _picture(visitor, "form")
    page.get_by_label("Agent").fill("till-1")
    page.get_by_role("button", name="Save").click()
    see(page.get_by_text("orders · Porto is saved.")).to_be_visible()
    assert ExpectedBackupJob.objects.get().days_of_week == [3]
    page.get_by_text("Give it another address").click()
    assert visitor.too_wide() == []
    _picture(visitor, "new-job")
    page = visitor.open("/dashboard/expected/import")
    page.get_by_label("Or the list itself").fill("company_name,city\nAcme,Faro\n")
    page.get_by_role("button", name="Try it").click()
    see(page.get_by_role("cell", name="is needed").first).to_be_visible()
    assert visitor.too_wide() == []
    _picture(visitor, "import")


def _picture(visitor: Any, name: str) -> None:
    """For who wants to look: HOLDFAST_PICTURES names a folder."""
    folder = os.environ.get("HOLDFAST_PICTURES")
    if folder:
        for size, theme in visitor.looks():
            path = Path(folder) / f"{name}-{size}-{theme}.png"
            visitor.page.screenshot(path=str(path), full_page=True)
