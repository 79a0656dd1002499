"""The audit and one's own account in a browser: wide and on a phone, light and dark."""

from typing import Any

import pytest
from playwright.sync_api import expect

from access import audit
from access.models import User
from backups.models import Database
from tests.browser.conftest import PHONE
from tests.cast import PASSWORD

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.xdist_group("browser")]

NEW = "a quite new passphrase"


@pytest.mark.exhaustive
def test_the_audit_is_read_and_filtered(visit: Any, admin: User, database: Database) -> None:
    for number in range(60):
        audit.record(
            actor=admin,
            action=f"database.{'changed' if number % 2 else 'tested'}",
            thing=database,
            company=database.company,
            changes={"before": {"host": "a" * 120}, "after": {"host": "db2"}},
        )
    visitor = visit()
    visitor.let_in(admin)
    page = visitor.open("/dashboard/audit")
    assert visitor.too_wide() == []
    page.get_by_role("link", name="Older").click()
    expect(page.get_by_role("link", name="Newer")).to_be_visible()
    page.get_by_label("Action").fill("database.changed")
    page.get_by_role("button", name="Filter").click()
    expect(page.get_by_text("database.tested")).to_have_count(0)
    page.get_by_text("Details").first.click()
    assert visitor.too_wide() == []


@pytest.mark.exhaustive
def test_a_token_is_made_and_the_password_changed(visit: Any, admin: User) -> None:
    visitor = visit(viewport=PHONE, theme="dark")
    visitor.let_in(admin)
    page = visitor.open("/dashboard/account")
    assert visitor.too_wide() == []
    page.get_by_label("What it is for").fill("nightly report")
    page.get_by_label("It may, at most").select_option("viewer")
    page.get_by_role("button", name="Make a token").click()
    expect(page.locator("#token")).to_contain_text("hf_")
    assert visitor.too_wide() == []
    page.get_by_role("link", name="I have copied it").click()
    expect(page.get_by_text("nightly report").first).to_be_visible()
    assert visitor.too_wide() == []
    page.get_by_label("Present password").fill("wrong")
    page.get_by_label("New password").fill(NEW)
    page.get_by_label("Once more").fill(NEW)
    page.get_by_role("button", name="Change the password").click()
    expect(page.get_by_text("This is not your present password.")).to_be_visible()
    page.get_by_label("Present password").fill(PASSWORD)
    page.get_by_label("New password").fill(NEW)
    page.get_by_label("Once more").fill(NEW)
    page.get_by_role("button", name="Change the password").click()
    expect(page.get_by_text("The password is changed")).to_be_visible()
