"""A file to restore goes piece by piece from a real browser, and on after a break."""

from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Route, expect

from access.models import User
from backups.models import Database
from restores.received.models import ReceivedFile
from restores.received.places import place_of
from uploads.models import UploadSession

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.xdist_group("browser")]
SIZE = 10 << 20


def test_a_broken_piece_is_sent_again(
    visit: Any, operator: User, database: Database, tmp_path: Path
) -> None:
    path = tmp_path / "shop.dump"
    path.write_bytes(b"no dump " * (SIZE // 8))
    visitor = visit()
    visitor.let_in(operator)
    page = visitor.open("/dashboard/restores/file")
    cut: list[str] = []

    def break_once(route: Route) -> None:
        if route.request.method == "PATCH" and not cut:
            cut.append(route.request.url)
            route.abort("connectionreset")
        else:
            route.continue_()

    page.route("**/api/uploads/tus/*", break_once)
    page.set_input_files("input[type=file]", path)
    page.locator("input[name=name]").fill("fresh")
    page.get_by_role("button", name="Look first").click()
    expect(page.get_by_text("none of the formats", exact=False).first).to_be_visible()
    assert cut
    file = ReceivedFile.objects.get()
    assert (file.name, file.size) == ("shop.dump", SIZE)
    assert place_of(file.pk).read_bytes() == path.read_bytes()
    page.get_by_role("button", name="Look first").click()
    expect(page.locator("[aria-busy=true]")).to_have_count(0)
    assert UploadSession.objects.count() == 1
    visitor.complaints = [one for one in visitor.complaints if "ERR_CONNECTION_RESET" not in one]
