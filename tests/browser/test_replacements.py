"""A replacement's pages in the browser: all of them fit, the typed name is asked for."""

import secrets
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.sessions.backends.db import SessionStore
from django.contrib.sessions.models import Session
from django.db import connection
from django.utils import timezone
from playwright.sync_api import expect

from access.models import User
from access.reauthentication import SESSION_KEY
from backups import keyring
from backups.models import Backup, Database
from restores.models import Restore
from tests.browser.conftest import PHONE, WIDE
from tests.browser.test_restores import restorable
from tests.cast import PASSWORD, make_backup
from tests.proofs import fingerprint, with_proof
from tests.restores.made import end, make_restore

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.xdist_group("browser")]


@pytest.fixture(autouse=True)
def keys() -> None:
    keyring.make_keys()


@pytest.fixture
def backup(database: Database) -> Backup:
    return with_proof(make_backup(database), fingerprint(count=4))


@pytest.fixture
def target() -> Iterator[str]:
    """A database beside the run's own."""
    name = f"shop_{secrets.token_hex(4)}"
    with connection.cursor() as cursor:
        cursor.execute(f"CREATE DATABASE {name}")
        yield name
        cursor.execute(f"DROP DATABASE {name}")


def replaced(backup: Backup) -> Restore:
    restore = make_restore(backup, target_name="orders", mode="replace", old_id=1, new_id=2)
    until = timezone.now() + timedelta(days=7)
    kept = "orders_before_20261121_031500_120"
    end(restore, "completed", tables=12, rows=3400, kept_name=kept, kept_until=until)
    return restore


@pytest.mark.exhaustive
@pytest.mark.parametrize(("viewport", "theme"), [(PHONE, "dark"), (WIDE, "light")])
def test_it_fits(
    visit: Any, backup: Backup, admin: User, viewport: dict[str, int], theme: str, target: str
) -> None:
    restore = replaced(backup)
    waiting = make_restore(backup, target_name="orders", mode="replace", status="awaiting_approval")
    other = User.objects.create_user("bea")
    Restore.objects.filter(pk=waiting.pk).update(created_by=other, wants_safety=True)
    visitor = visit(viewport=viewport, theme=theme)
    visitor.log_in(admin)
    here = f"/dashboard/restores/{restore.pk}"
    for path, says in (
        ("/dashboard/restores", "waits for your approval"),
        ("/dashboard/", "waits for your approval"),
        (here, "orders_before_20261121_031500_120"),
        (f"{here}/undo", "Undo the replacement"),
        (f"{here}/confirm", "Drop it"),
        (f"/dashboard/restores/{waiting.pk}", "Approve…"),
        (f"/dashboard/restores/{waiting.pk}/approve", "bea asks to replace"),
    ):
        page = visitor.open(path)
        expect(page.locator("main")).to_contain_text(says)
        assert not visitor.is_too_wide(), path
    restorable(backup)
    page = visitor.open(f"/dashboard/backup/{backup.pk}/restore")
    page.get_by_label("In place of a database").check()
    page.get_by_label("Database", exact=True).fill(target)
    page.get_by_label("All belongs to").check()
    page.get_by_text("More options").click()
    page.get_by_label("Without a safety backup").check()
    page.get_by_role("button", name="Look first").click()
    button = page.get_by_role("button", name="Replace it")
    expect(button).to_be_visible()
    assert not visitor.is_too_wide()
    page.get_by_label(f"Type {target} to replace it").fill("orders")
    button.click()
    expect(page.locator("#mistyped")).to_be_visible()
    assert not visitor.is_too_wide()
    assert Restore.objects.count() == 2


@pytest.mark.exhaustive
def test_what_was_typed_comes_back_with_its_person(
    visit: Any, backup: Backup, operator: User, target: str
) -> None:
    """Asked again who sits there, nobody fills in the form a second time."""
    restorable(backup)
    visitor = visit(viewport=PHONE)
    visitor.log_in(operator)
    page = visitor.open(f"/dashboard/backup/{backup.pk}/restore")
    page.get_by_label("In place of a database").check()
    page.get_by_label("Database", exact=True).fill(target)
    page.get_by_label("All belongs to").check()
    page.get_by_text("More options").click()
    page.get_by_label("Without a safety backup").check()
    page.get_by_label("Keep a replaced one, in days").fill("3")
    log_in_long_ago()
    page.get_by_role("button", name="Look first").click()
    page.get_by_role("link", name="Confirm that it is you").click()
    page.get_by_label("Your password").fill(PASSWORD)
    page.get_by_role("button", name="Go on").click()
    expect(page.get_by_label("Database", exact=True)).to_have_value(target)
    expect(page.get_by_label("Keep a replaced one, in days")).to_have_value("3")
    expect(page.get_by_label("Without a safety backup")).to_be_checked()
    assert not visitor.is_too_wide()
    last_word = page.get_by_label(f"Type {target} to replace it")
    expect(last_word).to_have_value("")
    last_word.fill(target)
    page.get_by_role("button", name="Replace it").click()
    page.wait_for_url("**/dashboard/restores/*")
    restore = Restore.objects.get()
    assert (restore.target_name, restore.keep_old_days) == (target, 3)


def log_in_long_ago() -> None:
    """For every session there is."""
    for row in Session.objects.all():
        session = SessionStore(row.session_key)
        session[SESSION_KEY] = 0
        session.save()


@pytest.mark.exhaustive
@pytest.mark.parametrize(("viewport", "theme"), [(PHONE, "dark"), (WIDE, "light")])
def test_a_file_takes_a_place(
    visit: Any, database: Database, operator: User, target: str, viewport: Any, theme: str
) -> None:
    visitor = visit(viewport=viewport, theme=theme)
    visitor.log_in(operator)
    page = visitor.open("/dashboard/restores/file")
    assert not visitor.is_too_wide()
    dumped = {"name": "shop.dump", "mimeType": "application/octet-stream", "buffer": archive()}
    page.get_by_label("File", exact=True).set_input_files([dumped])
    page.get_by_label("In place of a database").check()
    page.get_by_label("Database", exact=True).fill(target)
    page.get_by_text("More options").click()
    page.get_by_label("Without a safety backup").check()
    page.get_by_role("button", name="Look first").click()
    expect(page.get_by_text("finds its tables closed")).to_be_visible()
    expect(page.get_by_role("button", name="Replace it")).to_be_visible()
    assert not visitor.is_too_wide()


def archive() -> bytes:
    """An empty one's head and table of contents."""

    def number(value: int) -> bytes:
        return b"\0" + value.to_bytes(4, "little")

    texts = [number(len(text)) + text for text in (b"shop", b"17.0", b"17.0")]
    head = b"PGDMP" + bytes([1, 16, 0, 4, 8, 1, 0]) + number(0) * 7
    return head + b"".join(texts) + number(0)
