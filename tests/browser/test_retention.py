"""In a real browser: how long recordings stay, what has expired, and what agents may send."""

from typing import Any

import pytest
from django.db.models.functions import Now
from playwright.sync_api import expect

from access.models import Agent, Company, User
from storage.models import StorageTarget, StoredObject
from tests.browser.test_recordings import till
from tests.uploads.made import make_recording, make_session
from tests.uploads.test_retention import DAY
from uploads.models import Recording, UploadSession
from uploads.recordings.retention import set_retention

__all__ = ["till"]
pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.xdist_group("browser")]


@pytest.mark.exhaustive
def test_it_is_seen_before_it_goes(
    visit: Any, admin: User, till: User, company: Company, storage_target: StorageTarget
) -> None:
    Agent.objects.create(agent_id="till-4", company=company, user=till)
    for number in range(1, 6):
        make_recording(till, storage_target, b"x" * number, file_name=f"rdp_123_{number}.mp4")
    StoredObject.objects.update(checked_at=Now())
    Recording.objects.update(created_at=Now() - 40 * DAY)
    broken = make_session(till, storage_target, b"y" * 9, kind="backup", file_name="orders.dump")
    UploadSession.objects.filter(pk=broken.pk).update(
        status="completed",
        content_passed=False,
        content_detail="The archive cannot be read to its end: unexpected end of file.",
    )
    set_retention(company=company, days=30, actor=admin)
    visitor = visit()
    visitor.let_in(admin)
    page = visitor.open("/dashboard/recordings")
    page.get_by_role("link", name="How long they stay").click()
    expect(page.get_by_text("The cleanup is stopped.")).to_be_visible()
    expect(page.get_by_role("heading", name="5 have expired")).to_be_visible()
    assert visitor.too_wide() == []
    page.get_by_label("Days").fill("365")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("heading", name="Nothing has expired")).to_be_visible()
    assert page.get_by_role("button", name="Remove these now").count() == 0
    page = visitor.open("/dashboard/recordings")
    until = f"{Recording.objects.all()[0].created_at + 365 * DAY:%Y}"
    expect(page.locator("td small", has_text="until").first).to_contain_text(until)
    assert visitor.too_wide() == []
    page = visitor.open("/dashboard/uploads")
    expect(page.get_by_text("Corrupt")).to_be_visible()
    expect(page.get_by_role("heading", name="What agents may send")).to_be_visible()
    assert visitor.too_wide() == []
