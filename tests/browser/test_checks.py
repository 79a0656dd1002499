"""Checks on the page of one backup: asked for, followed while they run, and cancelled."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import transaction
from django.db.models.functions import Now
from playwright.sync_api import Page, Route, expect

from access.models import User
from backups import keyring
from backups.checks.requesting import request_check
from backups.models import Backup, Check, Database
from monitoring.files.models import Stage, TrackedFile
from tests.browser.conftest import PHONE, Visitor
from tests.cast import make_backup
from tests.proofs import TABLES, difference, fingerprint, make_drill, with_proof

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.xdist_group("browser")]

LONG = "shop." + "a_table_with_a_very_long_name_" * 4


@pytest.fixture(autouse=True)
def keys() -> None:
    """Of the run, where the web server finds them too."""
    keyring.make_keys()


@pytest.fixture
def backup(database: Database) -> Backup:
    return with_proof(make_backup(database), fingerprint(count=40))


def begin(check: Check, key: str, percent: float, total: int = 2_310_000_000) -> None:
    Check.objects.filter(pk=check.pk).update(status="running", started_at=Now())
    rows = Stage.objects.filter(file__check_run=check)
    rows.filter(status="in_progress").exclude(key=key).update(status="completed", progress=100)
    done = int(total * percent / 100)
    rows.filter(key=key).update(
        status="in_progress", started_at=Now(), progress=percent, bytes_done=done, bytes_total=total
    )
    TrackedFile.objects.filter(check_run=check).update(status="processing", progress=percent * 0.6)


@transaction.atomic
def end(check: Check, outcome: str, **facts: Any) -> None:
    Check.objects.filter(pk=check.pk).update(
        status="completed",
        outcome=outcome,
        completed_at=Now(),
        restore_seconds=126,
        server_version="15.20",
        **facts,
    )
    Backup.objects.filter(pk=check.backup_id).update(
        validation=outcome,
        validation_level="restore",
        validation_detail="Restored and compared, table by table.",
        checked_at=Now(),
    )
    Stage.objects.filter(file__check_run=check).update(status="completed", progress=100)
    TrackedFile.objects.filter(check_run=check).update(status="completed", progress=100)


@pytest.fixture
def check(backup: Backup, operator: User) -> Check:
    """A drill that waits."""
    return request_check(backup=backup, actor=operator, level="restore")


@pytest.fixture
def page(visit: Any, viewer: User, backup: Backup, check: Check) -> Page:
    """The backup's, before a viewer."""
    visitor: Visitor = visit()
    visitor.let_in(viewer)
    return visitor.open(f"/dashboard/backup/{backup.pk}")


def is_unreloaded(page: Page) -> bool:
    return bool(page.evaluate("window.stays === 'here'"))


@pytest.mark.exhaustive
def test_a_running_drill_moves_by_itself_and_its_end_appears(check: Check, page: Page) -> None:
    page.evaluate("window.stays = 'here'")
    page.locator("#fingerprint summary").click()
    work = page.locator("#at-work")
    expect(work.get_by_text("backups come first")).to_be_visible()
    begin(check, "restore", 20)
    expect(work.locator(".badge", has_text="Running")).to_be_visible()
    expect(work.locator("progress[data-now=restore]")).to_have_js_property("value", 20)
    begin(check, "restore", 60)
    expect(work.locator("progress[data-now=restore]")).to_have_js_property("value", 60)
    expect(work.get_by_text("1.39 GB of 2.31 GB")).to_be_visible()
    begin(check, "compare", 50, total=40)
    expect(work.locator("progress[data-now=compare]")).to_have_js_property("value", 50)
    expect(work.get_by_text("20 of 40 tables")).to_be_visible()
    end(check, "proven")
    expect(work).to_have_count(0)
    expect(page.locator("#standing")).to_contain_text("Proven")
    expect(page.get_by_text("Every table is as it was at the source.")).to_be_visible()
    expect(page.locator("[data-poll]")).to_have_count(0)
    # What was opened stays open.
    expect(page.get_by_text("shop.table_00039")).to_be_visible()
    assert is_unreloaded(page)


@pytest.mark.exhaustive
def test_a_page_from_around_the_end_is_not_the_last(
    backup: Backup, check: Check, page: Page
) -> None:
    halves: list[str] = []

    def answer(route: Route) -> None:
        """The first page without a running check still says what was before its end."""
        response = route.fetch()
        body = response.text()
        if 'id="at-work"' not in body and not halves:
            halves.append(body)
            body = body.replace("Proven", "Good")
        route.fulfill(response=response, body=body)

    page.route(lambda url: url.endswith(f"/{backup.pk}"), answer)
    begin(check, "restore", 20)
    expect(page.locator("#at-work .badge", has_text="Running")).to_be_visible()
    end(check, "proven")
    expect(page.locator("#standing")).to_contain_text("Proven")
    assert len(halves) == 1
    page.unroute_all()


@pytest.mark.exhaustive
def test_an_operator_asks_and_cancels(visit: Any, operator: User, backup: Backup) -> None:
    visitor = visit(viewport=PHONE)
    visitor.let_in(operator)
    page = visitor.open(f"/dashboard/backup/{backup.pk}")
    page.get_by_role("button", name="Restore drill").click()
    expect(page.locator("#at-work .badge")).to_have_text("Waiting")
    page.get_by_role("button", name="Cancel Restore drill").click()
    expect(page.locator("#at-work")).to_have_count(0)
    expect(page.locator("ul[aria-labelledby=earlier-checks] .badge")).to_have_text("Cancelled")
    page.get_by_role("button", name="Check again").click()
    expect(page.locator("#at-work h3")).to_have_text("Content")


def furnish(database: Database, kind: str) -> Backup:
    """A page of each kind, with what is hard to set in it."""
    database.name = "warehouse_with_a_rather_long_name_for_a_database"
    database.save()
    marks = fingerprint(tables={**TABLES, LONG: TABLES["shop.orders"], "a\n<b> \u202eb": TABLES[
        "shop.states"]})  # fmt: skip
    backup = with_proof(make_backup(database, sha256="ab" * 32), marks)
    if kind == "corrupt":
        found = [
            difference("table", LONG, "3 rows instead of 1204"),
            difference("large objects", "", "2 of 3, or with other bytes"),
            *(difference("relation grants", f"shop.v{n}", "defined otherwise") for n in range(104)),
        ]
        make_drill(backup, outcome="corrupt", differences=found, detail="122 differences")
        make_drill(backup, age=timedelta(days=1), status="failed", error="no memory " * 30)
    elif kind == "partial":
        make_drill(backup, outcome="partial", missing=["extension postgis", LONG])
    elif kind == "proven":
        make_drill(backup, outcome="proven")
    Backup.objects.filter(pk=backup.pk).update(
        validation=kind, validation_level="restore", validation_detail=LONG, checked_at=Now()
    )
    return backup


@pytest.mark.exhaustive
def test_every_outcome_fits(visit: Any, operator: User, database: Database) -> None:
    visitor = visit()
    visitor.let_in(operator)
    for kind in ("unchecked", "proven", "partial", "corrupt"):
        backup = furnish(database, kind)
        if kind == "proven":
            begin(request_check(backup=backup, actor=operator, level="restore"), "restore", 40)
        page = visitor.open(f"/dashboard/backup/{backup.pk}")
        expect(page.locator("#proof")).to_be_visible()
        assert visitor.too_wide() == [], kind
