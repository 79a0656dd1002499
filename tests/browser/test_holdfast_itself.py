"""The page of Holdfast's own backup in a browser, wide and narrow, light and dark."""

from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import expect

from access.models import User
from controlplane.models import ControlSet
from storage.models import StorageTarget
from tests.browser.conftest import PHONE, WIDE

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.xdist_group("browser")]


@pytest.mark.exhaustive
@pytest.mark.parametrize(
    ("viewport", "theme"), [(PHONE, "dark"), (WIDE, "light")], ids=["phone", "wide"]
)
def test_it_is_read_and_asked_for(
    visit: Any,
    superuser: User,
    storage_target: StorageTarget,
    tmp_path: Path,
    viewport: dict[str, int],
    theme: str,
) -> None:
    ControlSet.objects.create(
        target=storage_target,
        status="failed",
        error_code="storage_unavailable",
        error="The storage answered: Input/output error.",
        forgotten_at="2026-01-01T00:00Z",
    )
    visitor = visit(viewport=viewport, theme=theme)
    visitor.log_in(superuser)
    page = visitor.open("/dashboard/recovery-key")
    page.get_by_role("link", name="Holdfast's own backup").click()
    expect(page.get_by_text("recover --from")).to_be_visible()
    assert not visitor.is_too_wide()
    page.get_by_role("button", name="Back up now").click()
    expect(page.get_by_role("button", name="Under way")).to_be_disabled()
    assert not visitor.is_too_wide()
    assert visitor.complaints == []
