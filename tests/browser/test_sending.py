"""A file to restore goes piece by piece from a real browser: on after breaks and a reload."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, Request, Route, expect

from access.models import User
from backups.models import Database
from restores.received.models import ReceivedFile
from restores.received.places import place_of
from tests.agent.chaos import ChaosProxy, Fault, bad_line
from tests.config.waiting import wait_for
from tests.uploads.conftest import clean_staging
from tests.web import WebServer
from uploads.models import UploadSession

__all__ = ["clean_staging"]
pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.xdist_group("browser")]

MIB = 1 << 20
PIECES = "**/api/uploads/tus/*"
PAGE = "/dashboard/restores/file"
OF_A_BROKEN_LINE = ("ERR_CONNECTION_RESET", "ERR_EMPTY_RESPONSE", "ERR_INTERNET_DISCONNECTED")


@pytest.fixture
def dump(tmp_path: Path) -> Path:
    path = tmp_path / "shop.dump"
    path.write_bytes(b"no dump" + os.urandom(10 * MIB))
    return path


@pytest.fixture
def proxy(web_server: WebServer) -> Iterator[ChaosProxy]:
    with bad_line(web_server.url) as started:
        yield started


@pytest.fixture
def sent_from(visit: Any, operator: User, database: Database, proxy: ChaosProxy) -> Iterator[Any]:
    """The page, over the bad line, with the file chosen."""
    visitor = visit()
    visitor.address = proxy.url
    visitor.let_in(operator)

    def opened(dump: Path) -> Page:
        page: Page = visitor.open(PAGE)
        choose(page, dump)
        return page

    opened.visitor = visitor  # type: ignore[attr-defined]  # the tests' own
    yield opened
    visitor.complaints = [
        one for one in visitor.complaints if not any(said in one for said in OF_A_BROKEN_LINE)
    ]


def choose(page: Page, dump: Path) -> None:
    page.set_input_files("input[type=file]", dump)
    page.locator("input[name=name]").fill("fresh")


def press(page: Page) -> None:
    page.get_by_role("button", name="Look first").click()


def require_arrived(page: Page, dump: Path) -> None:
    """Once, whole, and looked at."""
    expect(page.get_by_text("none of the formats", exact=False).first).to_be_visible()
    file = ReceivedFile.objects.get()
    assert (file.name, file.size) == ("shop.dump", dump.stat().st_size)
    assert place_of(file.pk).read_bytes() == dump.read_bytes()
    assert UploadSession.objects.count() == 1
    assert page.evaluate("Object.keys(localStorage).filter((key) => key.includes('sending'))") == []


@pytest.mark.exhaustive
def test_a_broken_line_is_mended(sent_from: Any, proxy: ChaosProxy, dump: Path) -> None:
    page = sent_from(dump)
    # The page has more connections than the one that sends.
    proxy.befall(*[Fault("cut", after=3 * MIB)] * 6)
    press(page)
    require_arrived(page, dump)
    assert "cut" in proxy.met
    # Pressed again, it is not sent again.
    press(page)
    expect(page.locator("[aria-busy=true]")).to_have_count(0)
    assert UploadSession.objects.count() == 1


def is_second(request: Request) -> bool:
    return request.method == "PATCH" and request.headers.get("upload-offset") == str(8 * MIB)


def half_sent(page: Page) -> UploadSession:
    """The second piece hangs. That it is asked for says that the first one was acknowledged; the
    numbers on the page say only that it was sent."""

    def hold(route: Route) -> None:
        if not is_second(route.request):
            route.continue_()

    page.route(PIECES, hold)
    with page.expect_request(is_second):
        press(page)
    expect(page.locator("[data-numbers]")).to_have_text("8.39 MB of 10.5 MB · 79 %")
    return UploadSession.objects.get()


def test_it_goes_on_after_a_reload(sent_from: Any, dump: Path) -> None:
    page = sent_from(dump)
    half_sent(page)
    page = sent_from.visitor.open(PAGE)
    page.unroute(PIECES)
    expect(page.get_by_text("Choose this file again, and it goes on there.")).to_be_visible()
    expect(page.locator("[data-name]")).to_have_text("shop.dump")
    offsets: list[int] = []

    def hear(route: Route) -> None:
        if route.request.method == "PATCH":
            offsets.append(int(route.request.headers["upload-offset"]))
        route.continue_()

    page.route(PIECES, hear)
    choose(page, dump)
    press(page)
    require_arrived(page, dump)
    assert min(offsets) >= 8 * MIB


@pytest.mark.exhaustive
def test_it_is_cancelled(sent_from: Any, dump: Path) -> None:
    page = sent_from(dump)
    session = half_sent(page)
    page.get_by_role("button", name="Cancel").click()
    expect(page.get_by_text("Cancelled. Nothing of it is kept.")).to_be_visible()

    def is_over() -> bool:
        session.refresh_from_db()
        return session.status == "failed"

    wait_for(is_over, seconds=20, what="the session to end")
    expect(page.get_by_role("button", name="Look first")).not_to_have_attribute("aria-busy", "true")
    assert not ReceivedFile.objects.exists()


@pytest.mark.exhaustive
def test_what_the_server_refuses_is_said(sent_from: Any, dump: Path) -> None:
    page = sent_from(dump)
    words = "Too large for this sender."

    def refuse(route: Route) -> None:
        body = f'{{"status": 413, "code": "too_large", "detail": "{words}"}}'
        route.fulfill(status=413, content_type="application/problem+json", body=body)

    page.route("**/api/restores/uploads?*", refuse)
    press(page)
    expect(page.get_by_role("alert").get_by_text(words)).to_be_visible()
    assert sent_from.visitor.too_wide() == []
    page.unroute("**/api/restores/uploads?*")
    press(page)
    require_arrived(page, dump)
