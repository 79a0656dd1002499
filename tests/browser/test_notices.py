"""A notice comes to every open page as it is said, goes when it is taken back, and is text."""

from typing import Any

import pytest
from playwright.sync_api import expect

from access.models import User
from access.policy import System
from backups.models import Database
from monitoring.notices.services import post_notice, withdraw_notice
from tests.browser.conftest import PHONE, Visitor

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.xdist_group("browser")]
CLI = System("cli")


def test_it_comes_and_goes(visit: Any, viewer: User, admin: User, database: Database) -> None:
    visitor: Visitor = visit()
    visitor.let_in(viewer)
    page = visitor.open("/dashboard/account")
    notes = page.locator("#notices .note")
    expect(notes).to_have_count(0)
    author: Visitor = visit(viewport=PHONE, theme="dark")
    author.let_in(admin)
    form = author.open("/dashboard/notices")
    form.get_by_label("Title").fill("Restart <b>at six</b>")
    form.get_by_label("Message").fill("Runs go on afterwards.")
    form.get_by_label("Level").select_option("warning")
    form.get_by_role("button", name="Post").click()
    expect(form.locator("#notices .note.warning")).to_contain_text("Restart <b>at six</b>")
    expect(notes).to_contain_text("Restart <b>at six</b>")
    expect(notes).to_contain_text("Runs go on afterwards.")
    post_notice(actor=CLI, title="To all", level="error")
    expect(page.locator("#notices .note.error")).to_have_text("To all")
    # Who comes while it holds sees it at once.
    page.reload()
    expect(notes).to_have_count(2)
    form.get_by_role("button", name="Withdraw").first.click()
    expect(page.locator("#notices .note.warning")).to_have_count(0)
    expect(page.locator("#notices .note.error")).to_have_count(1)


def test_what_ends_before_the_page_is_connected(
    visit: Any, viewer: User, database: Database
) -> None:
    visitor: Visitor = visit()
    visitor.let_in(viewer)
    visitor.page.add_init_script(
        "const real = window.WebSocket; window.WebSocket = function (url) {"
        " if (window.may) return new real(url);"
        " setTimeout(() => this.onclose?.({}), 0); this.close = () => {}; };"
    )
    notice = post_notice(actor=CLI, title="To all")
    page = visitor.open("/dashboard/account")
    expect(page.locator("#notices .note")).to_have_text("To all")
    withdraw_notice(actor=CLI, notice=notice)
    page.evaluate("window.may = true")
    expect(page.locator("#notices .note")).to_have_count(0)


@pytest.mark.exhaustive
def test_without_sockets_it_is_asked_for(visit: Any, viewer: User, database: Database) -> None:
    visitor: Visitor = visit()
    visitor.let_in(viewer)
    visitor.page.add_init_script(
        "window.WebSocket = class { constructor() { setTimeout(() => this.onclose?.({}), 0); }"
        " close() {} }; const every = setInterval;"
        " window.setInterval = (work, pause) => every(work, Math.min(pause, 300));"
    )
    page = visitor.open("/dashboard/account")
    notice = post_notice(actor=CLI, title="To all")
    expect(page.locator("#notices .note.info")).to_have_text("To all")
    withdraw_notice(actor=CLI, notice=notice)
    expect(page.locator("#notices .note")).to_have_count(0)
