"""A real Chromium against a real web server. Where there is none, these tests are skipped."""

import shutil
from collections.abc import Iterator
from typing import Any

import pytest
from django.conf import settings
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

from access.models import User
from tests.cast import (
    PASSWORD,
    admin,
    company,
    database,
    logged_in,
    operator,
    storage_target,
    superuser,
    viewer,
)
from tests.web import WebServer

__all__ = [
    "admin",
    "company",
    "database",
    "operator",
    "storage_target",
    "superuser",
    "viewer",
]

# The shell without a desktop's services needs half the processor of the whole browser.
PROGRAMS = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome")
CHROMIUM = next(filter(None, map(shutil.which, PROGRAMS)), None)
QUIET = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--no-first-run",
    "--disable-component-update",
    "--disable-sync",
    # A page that a test hands in itself counts as one of the internet, which may not ask this host.
    "--disable-features=LocalNetworkAccessChecks",
]
WIDE = {"width": 1360, "height": 900}
PHONE = {"width": 360, "height": 720}


# For this folder only: while Playwright's loop runs in this thread, no other test's client can.
@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    if CHROMIUM is None:
        pytest.skip("There is no Chromium on this machine (apt install chromium-headless-shell).")
    # Playwright runs a loop in this thread, and Django then takes every query for an
    # asynchronous one.
    monkeypatch = pytest.MonkeyPatch()
    monkeypatch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "true")
    # A deadline, not a wait: the machine of a test run may be busy.
    expect.set_options(timeout=40_000)
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=CHROMIUM, args=QUIET)
        yield started
        started.close()
    monkeypatch.undo()


class Visitor:
    """One person's browser: its pages, and everything the console complained of."""

    def __init__(self, context: BrowserContext, address: str, theme: str = "light") -> None:
        self.context = context
        self.theme = theme
        self.address = address
        self.complaints: list[str] = []
        self.page: Page = context.new_page()
        self.page.set_default_timeout(40_000)
        self.page.on("console", self._hear)
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))

    def _hear(self, message: Any) -> None:
        # Chromium writes every answer of 4xx there too; those are asked for.
        if message.type in ("error", "warning") and "status of 4" not in message.text:
            self.complaints.append(f"{self.page.url}: {message.text}")

    def open(self, path: str) -> Page:
        self.page.goto(self.address + path)
        return self.page

    def log_in(self, user: User) -> Page:
        self.open("/login")
        self.page.get_by_label("Name").fill(user.username)
        self.page.get_by_label("Password").fill(PASSWORD)
        self.page.get_by_role("button", name="Log in").click()
        self.page.wait_for_url("**/dashboard/**")
        return self.page

    def let_in(self, user: User) -> None:
        """As if the person had logged in before: two pages less, and no password to check."""
        # A login may have hashed the password anew, and a session goes by its hash.
        client = logged_in(User.objects.get(pk=user.pk))
        cookie = client.cookies[settings.SESSION_COOKIE_NAME]
        self.context.add_cookies([{"name": cookie.key, "value": cookie.value, "url": self.address}])

    def looks(self) -> Iterator[tuple[str, str]]:
        """The open page in each of its looks, one after the other: wide or phone, light or dark.

        What it was opened with it has again at the end.
        """
        before, viewport = self.theme, self.page.viewport_size
        for name, size in (("wide", WIDE), ("phone", PHONE)):
            self.page.set_viewport_size(size)  # type: ignore[arg-type]  # playwright's own
            for theme in ("light", "dark"):
                self.page.emulate_media(color_scheme=theme)
                yield name, theme
        if viewport is not None:
            self.page.set_viewport_size(viewport)
        self.page.emulate_media(color_scheme=before)  # type: ignore[arg-type]  # as it was given

    def too_wide(self) -> list[tuple[str, str]]:
        """The looks in which the open page is wider than its window."""
        return [look for look in self.looks() if self.is_too_wide()]

    def is_too_wide(self) -> bool:
        return bool(
            self.page.evaluate(
                "document.documentElement.scrollWidth > document.documentElement.clientWidth"
            )
        )


@pytest.fixture
def visit(browser: Browser, web_server: WebServer) -> Iterator[Any]:
    """`visit(viewport=…, theme=…)` opens a browser of its own; none may complain at the end."""
    visitors: list[Visitor] = []

    def open_browser(*, viewport: dict[str, int] = WIDE, theme: str = "light") -> Visitor:
        context = browser.new_context(
            viewport=viewport,  # type: ignore[arg-type]  # playwright's own dictionary type
            color_scheme=theme,  # type: ignore[arg-type]  # light or dark
            reduced_motion="reduce",
        )
        visitors.append(Visitor(context, web_server.url, theme))
        return visitors[-1]

    yield open_browser
    complaints = [text for visitor in visitors for text in visitor.complaints]
    for visitor in visitors:
        visitor.context.close()
    assert not complaints
