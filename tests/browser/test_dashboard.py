"""The dashboard as people use it: wide and on a phone, light and dark, by keyboard, live."""

from datetime import timedelta
from typing import Any

import pytest
from playwright.sync_api import expect

from access.models import User
from backups.models import Backup, Database
from monitoring.files.models import Stage, TrackedFile
from tests.browser.conftest import WIDE, Visitor
from tests.cast import make_backup, make_running
from tests.web import WebServer

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.xdist_group("browser")]


@pytest.fixture
def furnished(database: Database) -> Backup:
    """Everything that a page can have to show, with long names."""
    database.name = "warehouse_with_a_rather_long_name_for_a_database"
    database.save()
    make_backup(
        database,
        age=timedelta(days=2),
        status=Backup.Status.FAILED,
        validation=Backup.Validation.UNCHECKED,
        error="permission denied for table " + "a_very_long_table_name_" * 4,
        error_code="permission_denied",
    )
    make_running(database)
    return make_backup(
        database,
        sha256="ab" * 32,
        manifest={"restore": {"commands": ["age -d -i holdfast-recovery.agekey " + "x" * 200]}},
    )


def paths(backup: Backup) -> list[str]:
    details = [f"/dashboard/backup/{pk}" for pk in Backup.objects.values_list("pk", flat=True)]
    return [
        "/dashboard/",
        "/dashboard/backup",
        "/dashboard/backup?new=",
        "/dashboard/backup?search=nothing-like-it",
        "/dashboard/databases",
        "/dashboard/databases/new",
        f"/dashboard/databases/{backup.database_id}",
        *details,
        "/nothing-here",
    ]


def test_every_page_fits_and_nothing_complains(
    visit: Any, superuser: User, furnished: Backup
) -> None:
    visitor = visit()
    visitor.let_in(superuser)
    for path in paths(furnished):
        page = visitor.open(path)
        for viewport, theme in visitor.looks():
            assert not visitor.is_too_wide(), (path, viewport, theme)
            background = page.evaluate("getComputedStyle(document.body).backgroundColor")
            assert (background == "rgb(15, 19, 23)") is (theme == "dark"), (path, theme)
        assert page.locator("h1").count() == 1, path


@pytest.mark.exhaustive
def test_the_theme_is_switched_and_kept_without_a_flash(
    visit: Any, viewer: User, furnished: Backup
) -> None:
    visitor = visit(theme="light")
    page = visitor.log_in(viewer)
    switch = page.locator("[data-theme-switch]")
    switch.click()
    switch.click()
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")
    page.reload(wait_until="commit")
    # Set by a script of the head: it is there before there is a body to see.
    page.wait_for_selector("body")
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")


def test_the_form_is_filled_and_sent_by_keyboard(
    visit: Any, operator: User, database: Database
) -> None:
    page = visit().log_in(operator)
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to the content")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("main")).to_be_focused()
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Back up now").first).to_be_focused()
    page.keyboard.press("Enter")
    page.wait_for_url("**/dashboard/backup?new=*")
    page.get_by_label("Comment").focus()
    page.keyboard.type("from the keyboard")
    page.keyboard.press("Enter")
    page.wait_for_url("**/dashboard/backup/*-*")
    expect(page.get_by_text("Waiting for a worker.")).to_be_visible()
    assert Backup.objects.get().comment == "from the keyboard"
    page.goto(page.url.rsplit("/", 1)[0])
    expect(page.get_by_role("link", name="orders")).to_be_visible()


@pytest.mark.exhaustive
def test_a_mistake_is_shown_at_its_field(visit: Any, operator: User, database: Database) -> None:
    visitor = visit()
    visitor.let_in(operator)
    page = visitor.open("/dashboard/backup?new=")
    page.get_by_label("Label").fill("no spaces please")
    page.get_by_label("Comment").fill("kept")
    page.get_by_role("button", name="Back up now").click()
    label = page.get_by_label("Label")
    expect(label).to_have_attribute("aria-invalid", "true")
    expect(page.get_by_text("Only letters, digits, - and _, 40 at the most.")).to_be_visible()
    expect(page.get_by_label("Comment")).to_have_value("kept")
    assert not Backup.objects.exists()


@pytest.mark.exhaustive
def test_a_running_backup_is_followed_to_its_end(
    visit: Any, viewer: User, database: Database
) -> None:
    backup = make_running(database)
    visitor = visit()
    visitor.let_in(viewer)
    page = visitor.open(f"/dashboard/backup/{backup.pk}")
    expect(page.get_by_text("7.90 GB of 12.8 GB")).to_be_visible()
    Stage.objects.filter(file=backup.file, key="dump").update(
        progress=80, bytes_done=10_200_000_000
    )
    expect(page.get_by_text("10.2 GB of 12.8 GB")).to_be_visible()
    TrackedFile.objects.filter(backup=backup).update(status="completed", progress=100)
    Stage.objects.filter(file=backup.file).update(status="completed", progress=100)
    Backup.objects.filter(pk=backup.pk).update(
        status=Backup.Status.COMPLETED,
        validation=Backup.Validation.GOOD,
        completed_at=backup.created_at,
    )
    expect(page.locator(".badge", has_text="Good")).to_be_visible()
    expect(page.locator("#said")).to_have_text("orders: Completed, Good")
    expect(page.locator("[data-poll]")).to_have_count(0)


@pytest.mark.exhaustive
def test_the_list_and_the_overview_follow_too(visit: Any, viewer: User, database: Database) -> None:
    backup = make_running(database)
    visitor = visit()
    page = visitor.log_in(viewer)
    expect(page.get_by_text("Running now")).to_be_visible()
    other = visit()
    other.let_in(viewer)
    listed = other.open("/dashboard/backup")
    expect(listed.locator(".badge", has_text="Running")).to_be_visible()
    Backup.objects.filter(pk=backup.pk).update(
        status=Backup.Status.FAILED, error="The disk is full."
    )
    expect(page.get_by_text("The disk is full.").first).to_be_visible()
    expect(page.get_by_text("Running now")).to_have_count(0)
    expect(listed.locator(".badge", has_text="Failed")).to_be_visible()


def test_a_connection_is_tested_in_place_and_the_password_stays(visit: Any, admin: User) -> None:
    visitor = visit()
    visitor.let_in(admin)
    page = visitor.open("/dashboard/databases/new")
    page.get_by_label("Name", exact=True).fill("billing")
    page.get_by_label("Host").fill("127.0.0.1")
    page.get_by_label("Port").fill("1")
    page.get_by_label("Database", exact=True).fill("billing")
    page.get_by_label("User").fill("reader")
    page.get_by_label("Password").fill("typed once")
    page.get_by_role("button", name="Test the connection").click()
    expect(page.locator("#answer").get_by_text("Check the host and port")).to_be_visible()
    expect(page.get_by_label("Password")).to_have_value("typed once")
    page.get_by_role("button", name="Save").click()
    page.wait_for_url("**/dashboard/databases")
    expect(page.get_by_text("billing is saved.")).to_be_visible()
    assert Database.objects.get().password == "typed once"


@pytest.mark.exhaustive
def test_a_logout_that_is_slow_is_not_overtaken(visit: Any, viewer: User) -> None:
    """The page hears that the session is over before the answer comes."""
    page = visit().log_in(viewer)
    held: list[Any] = []
    page.route("**/logout", lambda route: held.append((route, route.fetch(max_redirects=0))))
    # So ends what is answered by leading elsewhere, which the page itself does not follow.
    with page.expect_event("requestfailed", lambda request: "x-live" in request.headers):
        page.get_by_role("button", name="Log out").click(no_wait_after=True)
    ((route, answer),) = held
    route.fulfill(response=answer)
    page.wait_for_url("**/login")


def test_the_form_works_without_scripts(
    browser: Any, web_server: WebServer, operator: User, database: Database
) -> None:
    context = browser.new_context(java_script_enabled=False, viewport=WIDE)
    visitor = Visitor(context, web_server.url)
    visitor.log_in(operator)
    page = visitor.open("/dashboard/backup?new=")
    page.get_by_role("button", name="Back up now").click()
    page.wait_for_url("**/dashboard/backup/*-*")
    assert Backup.objects.count() == 1
    context.close()
