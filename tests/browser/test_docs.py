"""The pages of the API's description, in a real browser under the strict policy, offline."""

from typing import Any

import pytest
from playwright.sync_api import Request, expect

from access.models import User
from backups.models import Database

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.xdist_group("browser")]


@pytest.mark.exhaustive
@pytest.mark.parametrize(("path", "holds"), [("/docs", ".opblock"), ("/redoc", "h2")])
def test_a_page_shows_every_call_and_asks_no_other_host(
    path: str, holds: str, database: Database, viewer: User, visit: Any
) -> None:
    visitor = visit()
    visitor.let_in(viewer)
    asked: list[str] = []

    def hear(request: Request) -> None:
        asked.append(request.url)

    visitor.page.on("request", hear)
    page = visitor.open(path)
    for summary in ("Make a backup", "Reach its database and its storages"):
        expect(page.locator(holds).filter(has_text=summary).first).to_be_visible()
    assert [url for url in asked if not url.startswith(visitor.address)] == []


@pytest.mark.exhaustive
def test_a_call_is_tried_from_the_page(database: Database, viewer: User, visit: Any) -> None:
    visitor = visit()
    visitor.let_in(viewer)
    page = visitor.open("/docs")
    page.get_by_text("List databases").first.click()
    page.get_by_role("button", name="Try it out").click()
    page.get_by_role("button", name="Execute").click()
    expect(page.get_by_text('"orders"').first).to_be_visible()
