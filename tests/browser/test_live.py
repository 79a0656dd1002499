"""Pages that follow what runs: without reloading, over cuts, and quiet when nothing runs."""

from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Page, WebSocket, expect

from access.models import User
from backups.models import Backup, Database
from monitoring.files.models import Stage, TrackedFile
from tests.browser.conftest import Visitor
from tests.cast import make_backup, make_running
from tests.choice import first_of
from tests.web import WebServer

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.xdist_group("browser")]


def progress(backup: Backup, percent: float) -> None:
    done = int(12_800_000_000 * percent / 100)
    Stage.objects.filter(file=backup.file, key="dump").update(progress=percent, bytes_done=done)
    TrackedFile.objects.filter(backup=backup).update(progress=percent * 0.7)


def complete(backup: Backup) -> None:
    Backup.objects.filter(pk=backup.pk).update(
        status=Backup.Status.COMPLETED,
        validation=Backup.Validation.GOOD,
        completed_at=backup.created_at,
    )
    Stage.objects.filter(file=backup.file).update(status="completed", progress=100)
    TrackedFile.objects.filter(backup=backup).update(status="completed", progress=100)


def mark(page: Page) -> None:
    """A word in the page's memory, which a reload would lose."""
    page.evaluate("window.stays = 'here'")


def is_unreloaded(page: Page) -> bool:
    return bool(page.evaluate("window.stays === 'here'"))


def sockets_of(page: Page) -> list[WebSocket]:
    opened: list[WebSocket] = []
    # Every page has one for notices besides.
    page.on(
        "websocket",
        lambda socket: opened.append(socket) if "/ws/general" not in socket.url else None,
    )
    return opened


def test_the_page_of_a_running_backup_moves_by_itself(
    visit: Any, viewer: User, database: Database
) -> None:
    visitor = visit()
    visitor.let_in(viewer)
    opened = sockets_of(visitor.page)
    backup = make_running(database)
    page = visitor.open(f"/dashboard/backup/{backup.pk}")
    mark(page)
    expect(page.get_by_text("7.90 GB of 12.8 GB")).to_be_visible()
    progress(backup, 80)
    expect(page.get_by_text("10.2 GB of 12.8 GB")).to_be_visible()
    expect(page.locator("li.now progress")).to_have_js_property("value", 80)
    expect(page.locator("li.now [data-number=percent]")).to_have_text("80 %")
    complete(backup)
    expect(page.locator(".badge", has_text="Good")).to_be_visible()
    expect(page.locator("[data-poll]")).to_have_count(0)
    assert is_unreloaded(page)
    assert [f"/ws/downloads/{backup.file_id}" in each.url for each in opened] == [True]


@pytest.mark.exhaustive
def test_where_nothing_runs_nobody_asks_and_only_lists_listen(
    visit: Any, viewer: User, database: Database
) -> None:
    backup = make_backup(database)
    complete(backup)
    visitor = visit()
    visitor.let_in(viewer)
    opened = sockets_of(visitor.page)
    asked: list[str] = []
    visitor.page.on("request", lambda request: asked.append(request.headers.get("x-live", "")))
    for path, sockets in ((f"/dashboard/backup/{backup.pk}", 0), ("/dashboard/backup", 1)):
        page = visitor.open(path)
        page.wait_for_load_state("networkidle")
        assert [each.url.partition("/ws/")[2] for each in opened] == ["queue"] * sockets
    assert "1" not in asked


@pytest.mark.parametrize("path", first_of("/dashboard/", "/dashboard/backup"))
def test_what_begins_while_nothing_runs_is_shown(
    visit: Any, viewer: User, database: Database, path: str
) -> None:
    visitor = visit()
    visitor.let_in(viewer)
    # Its first word may have been heard before or not: what begins before it is shown, too.
    with visitor.page.expect_websocket(lambda socket: "/ws/queue" in socket.url):
        page = visitor.open(path)
    mark(page)
    expect(page.locator("[data-watch]")).to_have_count(0)
    backup = make_running(database)
    expect(page.locator(f'[data-watch="{backup.file_id}"]').first).to_be_visible()
    complete(backup)
    expect(page.locator("[data-watch]")).to_have_count(0)
    assert is_unreloaded(page)


@pytest.mark.exhaustive
def test_one_socket_for_each_of_at_most_four(visit: Any, viewer: User, database: Database) -> None:
    visitor = visit()
    visitor.let_in(viewer)
    opened = sockets_of(visitor.page)
    for _ in range(6):
        make_running(database)
    page = visitor.open("/dashboard/backup")
    expect(page.locator("[data-watch]")).to_have_count(6)
    page.wait_for_load_state("networkidle")
    assert len({each.url for each in opened}) == len(opened) == 4
    # What begins is heard of, besides three of the files.
    assert "/ws/queue" in opened[0].url


@pytest.fixture
def fragile(django_db_setup: None) -> Iterator[WebServer]:
    """A web server of the test's own, to be stopped."""
    server = WebServer()
    server.start()
    yield server
    server.stop()
    server.folder.cleanup()


@pytest.mark.exhaustive
def test_it_says_that_it_is_offline_and_comes_back(
    browser: Any, fragile: WebServer, viewer: User, database: Database
) -> None:
    backup = make_running(database)
    visitor = Visitor(browser.new_context(), fragile.url)
    visitor.let_in(viewer)
    page = visitor.open(f"/dashboard/backup/{backup.pk}")
    mark(page)
    progress(backup, 70)
    expect(page.get_by_text("8.96 GB of 12.8 GB")).to_be_visible()
    fragile.stop()
    notice = page.locator("#offline")
    expect(notice).to_be_visible()
    expect(notice).to_have_text("The server does not answer. Trying again.")
    expect(page.locator("#said")).to_have_text("The server does not answer. Trying again.")
    complete(backup)
    fragile.start()
    expect(page.locator(".badge", has_text="Good")).to_be_visible()
    expect(notice).to_be_hidden()
    expect(page.locator("#said")).not_to_have_text("The server does not answer. Trying again.")
    assert is_unreloaded(page)
    visitor.context.close()


def test_without_sockets_it_follows_an_event_stream(
    browser: Any, web_server: WebServer, viewer: User, database: Database
) -> None:
    visitor = Visitor(browser.new_context(), web_server.url)
    # What a proxy does that knows no sockets.
    visitor.page.add_init_script(
        "window.WebSocket = class { constructor() { setTimeout(() => this.onclose?.({}), 0); }"
        " close() {} }"
    )
    streams: list[str] = []
    visitor.page.on(
        "request",
        lambda request: streams.append(request.url) if "/stream" in request.url else None,
    )
    visitor.let_in(viewer)
    backup = make_running(database)
    with visitor.page.expect_request("**/stream"):
        page = visitor.open(f"/dashboard/backup/{backup.pk}")
    mark(page)
    progress(backup, 90)
    expect(page.get_by_text("11.5 GB of 12.8 GB")).to_be_visible()
    complete(backup)
    expect(page.locator(".badge", has_text="Good")).to_be_visible()
    expect(page.locator("[data-poll]")).to_have_count(0)
    assert is_unreloaded(page)
    assert len(streams) == 1
    visitor.context.close()


@pytest.mark.exhaustive
def test_without_either_it_asks_slowly(
    browser: Any, web_server: WebServer, viewer: User, database: Database
) -> None:
    backup = make_running(database)
    visitor = Visitor(browser.new_context(), web_server.url)
    visitor.page.add_init_script("window.WebSocket = undefined; window.EventSource = undefined;")
    visitor.let_in(viewer)
    page = visitor.open(f"/dashboard/backup/{backup.pk}")
    progress(backup, 90)
    expect(page.get_by_text("11.5 GB of 12.8 GB")).to_be_visible()
    complete(backup)
    expect(page.locator(".badge", has_text="Good")).to_be_visible()
    expect(page.locator("html[data-offline]")).to_have_count(0)
    visitor.context.close()


@pytest.mark.exhaustive
def test_a_right_that_is_gone_is_shown_by_the_server(
    visit: Any, viewer: User, database: Database
) -> None:
    backup = make_running(database)
    visitor = visit()
    visitor.let_in(viewer)
    page = visitor.open(f"/dashboard/backup/{backup.pk}")
    expect(page.locator("[data-watch]")).to_have_count(1)
    viewer.memberships.all().delete()
    expect(page.locator("[data-watch]")).to_have_count(0)
