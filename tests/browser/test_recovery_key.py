"""The recovery key in a browser: downloaded, and tried with the stock age."""

import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from access.models import User
from backups.models import RecoveryKey
from storage.models import StorageTarget
from tests.browser.conftest import PHONE

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.xdist_group("browser")]

PATH = "/dashboard/recovery-key"


@pytest.mark.exhaustive
@pytest.mark.skipif(not shutil.which("age"), reason="needs the age of a distribution")
def test_the_key_is_downloaded_and_tried(
    visit: Any,
    superuser: User,
    storage_target: StorageTarget,
    tmp_path: Path,
) -> None:
    visitor = visit(viewport=PHONE, theme="dark")
    visitor.let_in(superuser)
    page = visitor.open(PATH)
    assert visitor.too_wide() == []
    file = _download(page, tmp_path / "holdfast-recovery.agekey")
    # It did not arrive? The same page gives it again.
    assert _download(page, tmp_path / "again").read_bytes() == file.read_bytes()

    # Typed as the page shows it, in the folder of the copy.
    command = page.locator("#challenge").inner_text()
    done = subprocess.run(
        ["sh", "-c", command], cwd=tmp_path, capture_output=True, text=True, check=True
    )
    page.get_by_label("The four words it prints").fill(done.stdout)
    page.get_by_role("button", name="Check").click()
    expect(page.get_by_text("your copy of the recovery key opens the backups")).to_be_visible()
    assert RecoveryKey.objects.get().rehearsed_by == superuser
    expect(page.get_by_role("button", name=re.compile("Download"))).to_have_count(0)
    expect(page.get_by_label("The last six characters of the public key")).to_be_visible()
    assert visitor.too_wide() == []


def _download(page: Page, file: Path) -> Path:
    with page.expect_download() as started:
        page.get_by_role("button", name=re.compile("Download")).click()
    started.value.save_as(file)
    return file
