"""The second factor in a browser: set up with a phone's code, out, and in with the next one."""

from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import expect

from access.models import SecondFactor, User
from tests.access.second_factor.phone import Phone
from tests.browser.conftest import PHONE, WIDE
from tests.cast import PASSWORD

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.xdist_group("browser")]


@pytest.mark.exhaustive
@pytest.mark.parametrize(
    ("viewport", "theme"), [(PHONE, "dark"), (WIDE, "light")], ids=["phone", "wide"]
)
def test_it_is_set_up_and_logs_in(
    visit: Any, admin: User, viewport: dict[str, int], theme: str
) -> None:
    visitor = visit(viewport=viewport, theme=theme)
    visitor.log_in(admin)
    page = visitor.open("/dashboard/account")
    page.get_by_role("link", name="Set it up").click()
    expect(page.locator(".qr svg")).to_be_visible()
    assert not visitor.is_too_wide()
    phone = Phone(page.locator("#key").inner_text().replace(" ", ""))
    page.get_by_label("The six digits that it shows").fill(phone.code())
    page.get_by_role("button", name="Turn it on").click()
    codes = page.locator("#codes").inner_text().split()
    assert len(codes) == 10
    assert not visitor.is_too_wide()
    with page.expect_download() as started:
        page.get_by_role("link", name="Download").click()
    assert Path(started.value.path()).read_text().split() == codes
    page.get_by_role("link", name="I have kept them").click()
    expect(page.get_by_text("Recovery codes left")).to_be_visible()
    assert not visitor.is_too_wide()

    visitor.context.clear_cookies()
    visitor.open("/login?next=/dashboard/account")
    page.get_by_label("Name").fill(admin.username)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Log in").click()
    expect(page.get_by_label("Code")).to_be_focused()
    assert not visitor.is_too_wide()
    # The step that set it up is used up; the next one is a step ahead at most.
    code = phone.code(later=1)
    page.get_by_label("Code").fill(phone.wrong())
    page.get_by_role("button", name="Log in").click()
    expect(page.get_by_text("This code is not right")).to_be_visible()
    page.get_by_label("Code").fill(code)
    page.get_by_role("button", name="Log in").click()
    page.wait_for_url("**/dashboard/account")
    assert SecondFactor.objects.get().failures == 0
