"""Restores in the browser: a running one moves by itself, one is asked for, and all of it fits."""

from dataclasses import asdict
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from playwright.sync_api import Page, expect

from access.models import User
from backups import keyring
from backups.engines import PreflightCheck
from backups.models import Backup, Database
from monitoring.files.models import Stage
from restores.models import Restore
from tests.browser.conftest import PHONE
from tests.cast import make_backup
from tests.proofs import fingerprint, with_proof
from tests.restores.made import end, make_restore, run_half

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.xdist_group("browser")]

LONG = "warehouse_with_a_rather_long_name_for_a_database_restored_again"
LOOKED = [
    PreflightCheck("integrity", "warning", "No restore drill has proven this backup."),
    PreflightCheck("name", "ok", "The name is free."),
    PreflightCheck("version", "ok", "PostgreSQL 15.20 into 17."),
    PreflightCheck("extensions", "blocking", "The server lacks the extensions postgis, " + LONG),
]


@pytest.fixture(autouse=True)
def keys() -> None:
    """Of the run, where the web server finds them too."""
    keyring.make_keys()


@pytest.fixture
def backup(database: Database) -> Backup:
    return with_proof(make_backup(database), fingerprint(count=40))


def restorable(backup: Backup) -> None:
    """As if it came from the server of the tests, where the owner is gone since."""
    with connection.cursor() as cursor:
        cursor.execute("SHOW server_version_num")
        major = int(cursor.fetchone()[0]) // 10000
    marks = fingerprint()
    marks.update(extensions={}, roles=["nobody here"])
    marks["database"] = {"encoding": "UTF8", "collate": "C"}
    contents = {"fingerprint": marks, "tool_major": major}
    backup.manifest = {"contents": contents, "server_version": f"{major}.1"}
    backup.save(update_fields=["manifest"])


def is_unreloaded(page: Page) -> bool:
    return bool(page.evaluate("window.stays === 'here'"))


@pytest.mark.exhaustive
def test_a_running_restore_moves_by_itself_and_its_end_appears(
    visit: Any, viewer: User, backup: Backup
) -> None:
    restore = make_restore(backup, age=timedelta(seconds=5))
    visitor = visit()
    visitor.let_in(viewer)
    page = visitor.open(f"/dashboard/restores/{restore.pk}")
    page.evaluate("window.stays = 'here'")
    expect(page.get_by_text("Waiting for a worker.")).to_be_visible()
    run_half(restore, 20)
    bar = page.locator("progress[data-now=restore]")
    expect(bar).to_have_js_property("value", 20)
    run_half(restore, 60)
    expect(bar).to_have_js_property("value", 60)
    expect(page.get_by_text("1.39 GB of 2.31 GB")).to_be_visible()
    run_half(restore, 50, "finalize")
    expect(page.locator("progress[data-now=finalize]")).to_have_js_property("value", 50)
    expect(page.get_by_text("20 of 40 tables")).to_be_visible()
    Stage.objects.filter(file=restore.file).update(status="completed", progress=100)
    end(restore, "completed", tables=40, rows=48_160, registered=restore.server)
    expect(page.get_by_text("Every table is as it was at the source.")).to_be_visible()
    expect(page.locator("ol.course li.done")).to_have_count(4)
    expect(page.locator("[data-poll]")).to_have_count(0)
    assert is_unreloaded(page)


@pytest.mark.exhaustive
def test_the_list_moves_too(visit: Any, viewer: User, backup: Backup) -> None:
    restore = make_restore(backup)
    visitor = visit()
    visitor.let_in(viewer)
    page = visitor.open("/dashboard/restores")
    page.evaluate("window.stays = 'here'")
    run_half(restore, 50)
    expect(page.locator("#restores progress")).to_have_js_property("value", 30)
    end(restore, "failed", error_code="restore_failed", error="the disk is full")
    expect(page.get_by_text("The disk is full")).to_be_visible()
    expect(page.locator("[data-poll]")).to_have_count(0)
    assert is_unreloaded(page)


@pytest.mark.exhaustive
def test_what_refuses_stands_below_the_form(visit: Any, operator: User, backup: Backup) -> None:
    Database.objects.update(host="127.0.0.1", port=1)
    visitor = visit(viewport=PHONE)
    visitor.let_in(operator)
    page = visitor.open(f"/dashboard/backup/{backup.pk}")
    page.get_by_role("link", name="Restore…").click()
    page.get_by_label("Database", exact=True).fill("fresh")
    page.evaluate("window.stays = 'here'")
    page.get_by_role("button", name="Look first").click()
    expect(page.get_by_text("Check the host and port")).to_be_visible()
    # The form is left as it was filled in.
    expect(page.get_by_label("Database", exact=True)).to_have_value("fresh")
    expect(page.locator("#answer")).to_be_focused()
    assert is_unreloaded(page)
    assert not Restore.objects.exists()


@pytest.mark.exhaustive
def test_what_is_in_the_way_is_mended_and_it_begins(
    visit: Any, operator: User, backup: Backup
) -> None:
    restorable(backup)
    visitor = visit()
    visitor.let_in(operator)
    page = visitor.open(f"/dashboard/backup/{backup.pk}/restore")
    page.evaluate("window.stays = 'here'")
    page.get_by_label("Database", exact=True).fill("fresh from the browser")
    page.get_by_role("button", name="Look first").click()
    expect(page.get_by_text("The server lacks the roles nobody here")).to_be_visible()
    expect(page.get_by_role("button", name="Restore now")).to_have_count(0)
    assert is_unreloaded(page)
    page.get_by_role("button", name="Look again, with owner none").click()
    expect(page.get_by_label("All belongs to the connection's user")).to_be_checked()
    expect(page.get_by_text("It becomes the new database fresh from the browser")).to_be_visible()
    page.get_by_role("button", name="Restore now").click()
    expect(page.get_by_text("Waiting for a worker.")).to_be_visible()
    restore = Restore.objects.get()
    assert (restore.target_name, restore.created_by) == ("fresh from the browser", operator)
    assert restore.options["keep_owners"] is False


@pytest.mark.exhaustive
def test_it_is_cancelled_by_two_presses(visit: Any, operator: User, backup: Backup) -> None:
    restore = make_restore(backup)
    visitor = visit(viewport=PHONE)
    visitor.let_in(operator)
    page = visitor.open(f"/dashboard/restores/{restore.pk}")
    page.get_by_role("link", name="Cancel…").click()
    page.get_by_role("button", name="Cancel the restore").click()
    expect(page.locator(".badge", has_text="Cancelled")).to_be_visible()


def test_every_page_fits(visit: Any, operator: User, backup: Backup) -> None:
    Database.objects.update(name="warehouse_with_a_rather_long_name_for_a_database")
    looked = [asdict(one) for one in LOOKED]
    made = [
        make_restore(backup, target_name=LONG, preflight=looked, created_by=operator)
        for _number in range(4)
    ]
    run_half(made[1])
    end(made[2], "completed", tables=40, rows=48_160, registered=backup.database)
    end(made[3], "failed", error_code="copy_differs", error=LONG * 3, error_detail=LONG * 9)
    visitor = visit()
    visitor.let_in(operator)
    paths = [f"/dashboard/restores/{restore.pk}" for restore in made]
    paths += ["/dashboard/restores", f"{paths[1]}/cancel", f"/dashboard/backup/{backup.pk}/restore"]
    for path in paths:
        page = visitor.open(path)
        expect(page.locator("h1")).to_be_visible()
        assert visitor.too_wide() == [], path
